package guard

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// tokenPath is where the form sends the token, in the body, so that it is in no address.
const tokenPath = "/token"

// maxTokenBody is more than any token takes.
const maxTokenBody = 4 << 10

// refusedQuery marks an address that has had a wrong token in it.
const refusedQuery = "refused"

// isPage reports whether the path is one that a browser shows: the page, of the run
// under way or of an earlier one.
func isPage(path string) bool {
	id, run := strings.CutPrefix(path, "/runs/")
	return path == "/" || run && id != "" && !strings.Contains(id, "/")
}

// isBrowsers reports whether a browser asks for the page.
func isBrowsers(req *http.Request) bool {
	return isRead(req) && isPage(req.URL.Path) && strings.Contains(req.Header.Get("Accept"), "text/html")
}

// tokenStyle is that of the form. It is within the page, since files of this server
// would need the token as well.
const tokenStyle = `:root{color-scheme:light dark;--ground:#fff;--text:#1a1a1a;--soft:#666;--line:#bbb;--go:#0067a3;--bad:#a33b00}
@media (prefers-color-scheme:dark){:root{--ground:#15181b;--text:#e8e8e8;--soft:#a6a6a6;--line:#555;--go:#5cb8ef;--bad:#ff9a5c}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main{width:min(26rem,100vw - 3rem)}h1{margin:0;font-size:1.5rem}p{margin:.5rem 0 1rem;color:var(--soft)}.bad{color:var(--bad)}
label{display:block;font-weight:600}input,button{box-sizing:border-box;width:100%;font:inherit;padding:.6rem .7rem;border:1px solid var(--line);border-radius:.3rem}
input{margin:.3rem 0 .8rem;background:transparent;color:inherit;font-family:ui-monospace,monospace}
button{border-color:var(--go);background:var(--go);color:var(--ground);font-weight:600;cursor:pointer}
:focus-visible{outline:3px solid var(--go);outline-offset:2px}code{font-family:ui-monospace,monospace}`

// tokenIcon is brunt's, in the page for the same reason.
const tokenIcon = `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M2 13V9h3v4zm4.5 0V3h3v10zM11 13V6h3v7z' fill='%230067a3'/%3E%3C/svg%3E`

// tokenPage asks for the token; what is filled in is: the style, why it is asked for,
// the class of that, where the form goes, and the page to show then.
const tokenPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer"><link rel="icon" href="%s"><title>brunt: token</title><style>%s</style></head>
<body><main><h1>brunt</h1><p class="%s"%s>%s</p>
<form method="post" action="%s"><input type="hidden" name="next" value="%s">
<label for="token">Token</label><input id="token" name="token" type="password" required autofocus autocomplete="off" spellcheck="false">
<button>Show the page</button></form>
<p>It is the part after <code>?token=</code> of the address that brunt printed when it started.</p></main></body></html>
`

// tokenPolicy lets the form have its style, and go to this server.
var tokenPolicy = fmt.Sprintf(
	"default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
	styleSum(),
)

func styleSum() string {
	sum := sha256.Sum256([]byte(tokenStyle))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// askForToken serves the form, which leads back to the page that was asked for.
func askForToken(w http.ResponseWriter, path string, r *refusal) {
	next, up := strings.TrimPrefix(path, "/"), ""
	if path == tokenPath {
		next = ""
	}
	if strings.Contains(next, "/") {
		up = "../" // addresses are relative: a proxy may have put the page below a path
	}
	class, role, why := "", "", "This page needs its token."
	if r == wrongToken {
		class, role, why = "bad", ` role="alert"`, "That is not the token of this page. Each brunt has its own, unless --serve-token gives one."
	}
	h := w.Header()
	h.Set("Content-Security-Policy", tokenPolicy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(r.status)
	_, _ = fmt.Fprintf(w, tokenPage, tokenIcon, tokenStyle, class, role, why, up+"token", html.EscapeString(next))
}

// takeToken reads the form.
func (g *Guard) takeToken(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxTokenBody))
	values, unread := url.ParseQuery(string(body))
	next := "/" + strings.TrimPrefix(values.Get("next"), "/")
	if !isPage(next) {
		next = "/"
	}
	if err != nil || unread != nil || !g.matches(strings.TrimSpace(values.Get("token"))) {
		askForToken(w, next, wrongToken)
		return
	}
	g.Authenticated(req)
	g.giveCookie(w)
	w.Header().Set("Location", "./"+strings.TrimPrefix(next, "/"))
	w.WriteHeader(http.StatusSeeOther)
}

// giveCookie lets the browser in from now on.
func (g *Guard) giveCookie(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{
		Name: g.Cookie, Value: g.Token, Path: "/", HttpOnly: true, Secure: g.Secure, SameSite: http.SameSiteStrictMode,
	})
}
