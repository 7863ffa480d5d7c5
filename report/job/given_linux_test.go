//go:build !race

package job_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"brunt/payloads/needs"
)

// given are values that stand in headers and queries whose names say nothing of
// what they are, some of them short.
var given = map[string]string{
	"X-Functions-Key": "fnKey7Gq2Zs9Vb4Lm1Xc8", "Ocp-Apim-Subscription-Key": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "X-Pwd": "hunter2x", "X-Whatever": "w0mbat9",
	"sig": "q+Si/gn=77ab/Zx", "jwt": "jw7body", "subscription-key": "subKey88Hh2", "pwd": "p4thPw", "X-Line": "l1neValue9", "sid": "s1d-of-path", "sas": "sv=2&s=77", "X-Id": "rId/4f5g=6",
}

// repeat answers with what it was asked, as servers do that know no such route.
func repeat() http.HandlerFunc {
	var turn atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		n := int(turn.Add(1))
		var all []string
		for name, value := range given {
			if sent := r.Header.Get(name); sent != "" {
				all = append(all, value)
				w.Header().Set("X-Echo-"+name, value)
			}
			if r.URL.Query().Get(name) != "" {
				all = append(all, value, url.QueryEscape(value))
			}
		}
		text := []string{
			"no route for " + r.URL.RequestURI() + " of " + strings.Join(all, ", "),
			`{"error":{"message":` + quoted("no route for "+r.RequestURI+" with "+strings.Join(all, `", "`)) + `}}`,
			"<html><title>404 " + strings.Join(all, "</b><b>") + "</title>",
			strings.Repeat("-", 500) + strings.Join(all, ""),
			strings.Repeat("=", 196) + all[n%len(all)],
			strings.ToUpper(strings.Join(all, " ")),
		}[n%6]
		w.Header().Set("X-Request-Id", all[n%len(all)])
		w.Header().Set("Served-Model-Name", all[n%len(all)])
		w.Header().Set("Location", "/login?next="+url.QueryEscape(r.RequestURI)+"#t="+url.QueryEscape(all[0]))
		w.WriteHeader([]int{404, 400, 302, 500, 503, 401, 200}[n%7])
		io.WriteString(w, text)
	}
}

// shows is which of the values a text shows, in full or its first five letters at
// a cut; empty for none.
func shows(text string) string {
	low := strings.ToLower(text)
	for name, value := range given {
		for _, form := range []string{value, url.QueryEscape(value), strings.ReplaceAll(value, "&", `\u0026`), strings.ReplaceAll(value, "&", "&amp;"), value[:5] + "…"} {
			if at := strings.Index(low, strings.ToLower(form)); at >= 0 {
				return fmt.Sprintf("%s of %s in …%s…", form, name, text[max(0, at-60):min(len(text), at+60)])
			}
		}
	}
	return ""
}

// TestGivenValuesAreHidden: whatever a header, a query or a payload's path holds
// is hidden in all that brunt writes, whatever its name.
func TestGivenValuesAreHidden(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	h := newHygiene(t)
	h.binary = built(t)
	server := httptest.NewServer(repeat())
	defer server.Close()
	h.write("lines.jsonl", []byte(fmt.Sprintf(`{"body":[1],"path":"/x?sid=%s&sas=%s","headers":{"X-Line":%q,"X-Id":%q}}`, url.QueryEscape(given["sid"]), url.QueryEscape(given["sas"]), given["X-Line"], given["X-Id"])+"\n"))
	target := server.URL + "/x?api-version=2024-05-01&sig=" + url.QueryEscape(given["sig"]) + "&jwt=" + given["jwt"] + "&subscription-key=" + given["subscription-key"] + "&pwd=" + given["pwd"]
	headers := []string{"-kHX-Functions-Key:" + given["X-Functions-Key"], "-kH", "Ocp-Apim-Subscription-Key: " + given["Ocp-Apim-Subscription-Key"], "--header=X-Pwd: " + given["X-Pwd"], "-H", "X-Whatever:" + given["X-Whatever"]}
	looked := 0
	look := func(what, text string) {
		t.Helper()
		if found := shows(text); found != "" {
			t.Errorf("%s shows %s", what, found)
		}
		if text != "" {
			looked++
		}
	}
	files := []string{"run.json", "run.html", "run.xml", "run.hlog"}
	for n, more := range [][]string{{"-o", "text"}, {"-o", "json", "--results", "run.csv"}, {"-o", "markdown", "--results", "run.ndjson"}, {"-o", "html", "--results", "run.gob"}, {"-o", "text", "-p", "lines.jsonl", "--payload-format", "request", "--results", "run.csv.zst"}} {
		args := append(append([]string{"attack", target, "-c", "2", "-n", "84", "--json", files[0], "--plot", files[1], "--junit", files[2], "--hlog", files[3], "--slo", "p99<1s"}, headers...), more...)
		out, _ := h.command("none", h.binary, args...).CombinedOutput() // which fails: so do its requests
		look(fmt.Sprintf("run %d", n), string(out))
		for _, name := range append(files, more[len(more)-1]) {
			text, _ := os.ReadFile(h.path(name)) // not every run has them all
			look(name, string(text))
		}
		report, _ := os.ReadFile(h.path("run.json"))
		if !strings.Contains(string(report), "***") || !strings.Contains(string(report), "api-version=2024-05-01") {
			t.Errorf("run %d: %s", n, report)
		}
		again, _ := h.command("none", h.binary, "report", "run.json", "-o", "markdown").CombinedOutput()
		look("the report of it", string(again))
	}
	for _, args := range [][]string{{"probe", target, "-p", "lines.jsonl"}, {"probe", target, "-p", "lines.jsonl", "-o", "json"}, {"attack", target, "-c", "1", "-n", "1", "-p", "absent-" + given["X-Whatever"]},
		{"attack", target + "%zz", "-c"}, {target}, {"attack", strings.TrimPrefix(target, "http://"), "-c", "1", "-n", "1"}, {"attack", "x", target}} {
		out, _ := h.command("none", h.binary, append(args, headers...)...).CombinedOutput()
		look(fmt.Sprint(args[0]), string(out))
	}
	if looked < 25 {
		t.Errorf("only %d texts were looked at", looked)
	}
	h.servesNone(append([]string{"attack", target, "-c", "2", "-r", "200", "-d", "3s", "-p", "lines.jsonl", "--payload-format", "request"}, headers...), look)
}

// servesNone looks at all that the page serves while a run is under way.
func (h *hygiene) servesNone(args []string, look func(what, text string)) {
	h.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	cmd := h.command("none", h.binary, append(args, "--serve="+address, "--linger", "1m")...)
	if err := cmd.Start(); err != nil {
		h.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	get := func(path string) string {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			h.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return ""
		}
		defer resp.Body.Close()
		part := make([]byte, 1<<20)
		n, _ := io.ReadFull(resp.Body, part[:1<<16]) // the events never end
		if path != "/api/events" {
			rest, _ := io.ReadAll(resp.Body)
			return string(part[:n]) + string(rest)
		}
		return string(part[:n])
	}
	await(h.T, func() bool { return strings.Contains(get("/api/report"), `"message":`) })
	for _, path := range []string{"/api/report", "/api/runs", "/api/runs/1", "/api/events", "/metrics", "/", "/download/report.html", "/download/report.json"} {
		look(path, get(path))
	}
}
