package guard

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Policy lets a page load this server's own files and nothing else.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Guard decides who may read and who may act. On loopback whoever is on this machine
// may, but not a page of another site in this machine's browser, which the Host and
// Origin headers give away. Elsewhere the token decides.
type Guard struct {
	Loopback bool
	Secure   bool   // TLS
	Token    string // empty where none is asked for
	Open     bool   // who has no token may read
	Cookie   string // its name, see CookieName
	Next     http.Handler
	// Welcome is called with each request that may act.
	Authenticated func(*http.Request)
	// Refuse responds to a request that is not served, other than a browser's for the page.
	Refuse func(w http.ResponseWriter, status int, why string)
}

// CookieName is that of the page which listens on an address: ports share cookies,
// and its name tells them apart.
func CookieName(a net.Addr) string {
	port := 0
	if at, ok := a.(*net.TCPAddr); ok {
		port = at.Port
	}
	return "brunt_" + strconv.Itoa(port)
}

// refusal is why a request is not served.
type refusal struct {
	status int
	text   string
}

type actsKey struct{}

// MayAct reports whether the guard lets this request start, stop and change.
func MayAct(req *http.Request) bool { return req.Context().Value(actsKey{}) != nil }

// ServeHTTP serves what is allowed.
func (g *Guard) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if req.URL.Path == "/healthz" {
		g.Next.ServeHTTP(w, req)
		return
	}
	if r := g.checkOrigin(req); r != nil {
		g.refuse(w, req, r)
		return
	}
	switch {
	case g.hasLinkToken(req):
		g.setCookie(w, req)
		return
	case g.Token != "" && req.URL.Path == tokenPath && req.Method == http.MethodPost:
		g.takeToken(w, req)
		return
	case g.Token != "" && req.URL.Path == tokenPath && isRead(req):
		askForToken(w, tokenPath, &refusal{http.StatusOK, ""})
		return
	}
	acts, r := g.authenticate(req)
	if r != nil && (!g.Open || !isRead(req)) {
		if r.status == http.StatusUnauthorized {
			h.Set("WWW-Authenticate", `Bearer realm="brunt"`)
		}
		g.refuse(w, req, r)
		return
	}
	if acts {
		g.Authenticated(req)
		req = req.WithContext(context.WithValue(req.Context(), actsKey{}, true))
	}
	g.Next.ServeHTTP(w, req)
}

func (g *Guard) refuse(w http.ResponseWriter, req *http.Request, r *refusal) {
	switch {
	case !isBrowsers(req):
	case r == noToken && req.URL.Query().Has(refusedQuery):
		askForToken(w, req.URL.Path, wrongToken)
		return
	case r == noToken, r == wrongToken:
		askForToken(w, req.URL.Path, r)
		return
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(r.status)
		_, _ = fmt.Fprintf(w, refusedPage, html.EscapeString(r.text))
		return
	}
	g.Refuse(w, r.status, r.text)
}

// refusedPage is the page where access is refused, whatever the token.
const refusedPage = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>brunt</title><main><h1>brunt does not show this page</h1><p>%s.</p></main>`

func isRead(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Method == http.MethodHead
}

// checkOrigin refuses requests that a page of another site sent.
func (g *Guard) checkOrigin(req *http.Request) *refusal {
	if g.Loopback && !isLocalName(req.Host) {
		return &refusal{http.StatusForbidden, "this page is for this machine only: open it as localhost or 127.0.0.1"}
	}
	for _, origin := range req.Header.Values("Origin") { // all of them must be right
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || !strings.EqualFold(u.Host, req.Host) {
			return &refusal{http.StatusForbidden, "the request comes from another site's page"}
		}
	}
	if crossSite(req) && !isNavigation(req) {
		return &refusal{http.StatusForbidden, "the request comes from another site's page"}
	}
	return nil
}

// crossSite reports whether the browser says that a page of another site made the
// request. So is a page on another port of this host, which shares its cookies.
func crossSite(req *http.Request) bool {
	return slices.ContainsFunc(req.Header.Values("Sec-Fetch-Site"), func(site string) bool {
		return site != "same-origin" && site != "none"
	})
}

// isNavigation reports whether somebody followed a link to the page, in a message or a
// terminal in the browser, which is no attack.
func isNavigation(req *http.Request) bool {
	return req.Method == http.MethodGet && isPage(req.URL.Path) && req.Header.Get("Sec-Fetch-Mode") == "navigate"
}

// isLocalName reports whether a Host header, with or without a port, can only
// mean this machine. Any port will do: tunnels have other ones.
func isLocalName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// hasLinkToken reports whether the request is for the page with a token in its URL,
// which is taken out of the address in any case.
func (g *Guard) hasLinkToken(req *http.Request) bool {
	return isRead(req) && isPage(req.URL.Path) && req.URL.Query().Has("token")
}

// setCookie turns the token in the URL into a cookie, so that it is not in the address
// bar, the history or a referrer.
func (g *Guard) setCookie(w http.ResponseWriter, req *http.Request) {
	page := req.URL.EscapedPath()
	switch {
	case g.Token == "": // none is asked for
	case g.matches(req.URL.Query().Get("token")):
		g.Authenticated(req)
		g.giveCookie(w)
	case isBrowsers(req):
		page += "?" + refusedQuery
	default:
		g.refuse(w, req, wrongToken)
		return
	}
	if crossSite(req) { // a strict cookie is not sent after a redirect from there
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, redirectPage, html.EscapeString(page))
		return
	}
	w.Header().Set("Location", page)
	w.WriteHeader(http.StatusSeeOther)
}

// redirectPage makes the next request one of this site.
const redirectPage = `<!doctype html><link rel="icon" href="data:,"><meta http-equiv="refresh" content="0; url=%s"><title>brunt</title>`

var (
	wrongToken = &refusal{
		http.StatusForbidden,
		"wrong token: open the page by the address that brunt printed when it started",
	}
	noToken = &refusal{
		http.StatusUnauthorized,
		"token needed: open the page by the address that brunt printed when it started, or send Authorization: Bearer TOKEN",
	}
)

// authenticate reports whether the request carries the token.
func (g *Guard) authenticate(req *http.Request) (bool, *refusal) {
	if g.Token == "" {
		return true, nil
	}
	token, given := "", false
	if scheme, value, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok &&
		strings.EqualFold(scheme, "Bearer") {
		token, given = strings.TrimSpace(value), true
	} else if c, err := req.Cookie(g.Cookie); err == nil {
		token, given = c.Value, true
	}
	switch {
	case !given:
		return false, noToken
	case !g.matches(token):
		return false, wrongToken
	}
	return true, nil
}

// matches takes as long for a nearly right token as for any other.
func (g *Guard) matches(token string) bool {
	a, b := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(g.Token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
