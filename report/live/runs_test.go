package live

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"brunt/report"
	"brunt/report/saved"
)

// A run has an address by its id, of which the page and its data come, also when another
// process made it and saved it; and any two are compared.
func TestRunsHaveAddresses(t *testing.T) {
	t.Setenv(saved.Variable, t.TempDir())
	v := serve(t, nil)
	var ids []string
	for range 2 {
		if r := v.post(t, "/api/start", `{"rate_per_s":"6000/m","duration_s":"300ms"}`); r.status != 200 {
			t.Fatal(r)
		}
		v.untilState(t, "done")
		if _, err := saved.Save(v.Last()); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, v.Last().Runs[0])
	}
	var list struct {
		Runs  []RunSummary
		Saved []saved.Run
	}
	v.get(t, "/api/runs").decode(t, &list)
	if *list.Runs[0].ID != ids[0] || *list.Saved[1].ID != ids[0] || list.Saved[0].Valid == nil {
		t.Errorf("%+v", list)
	}
	other := serve(t, nil) // that knows only what was saved
	for _, v := range []*View{v, other} {
		for _, word := range []string{ids[0], list.Saved[1].Name} {
			var one struct{ Report report.Report }
			v.get(t, "/api/runs/"+word).decode(t, &one)
			if one.Report.Runs[0] != ids[0] || one.Report.Slices == nil || len(one.Report.Slices.List) == 0 {
				t.Errorf("%s: runs %v, slices %v", word, one.Report.Runs, one.Report.Slices)
			}
			if page := v.get(t, "/runs/"+word); page.status != 200 || !strings.Contains(string(page.body), `src="../web/live.js"`) {
				t.Errorf("/runs/%s: %s", word, page)
			}
			if html := v.get(t, "/download/report.html?run="+word); html.status != 200 {
				t.Errorf("download of %s: %s", word, html)
			}
		}
		c := v.get(t, "/api/compare?base="+ids[0]+"&new="+ids[1])
		if c.status != 200 && !strings.Contains(string(c.body), "not comparable") || c.status == 200 && !strings.Contains(string(c.body), `"comparison"`) {
			t.Errorf("compared: %s", c)
		}
	}
	for _, word := range []string{"..%2f..%2fetc%2fpasswd", url.PathEscape("../x"), "7", "zzzz", "%00"} {
		if r := v.get(t, "/api/runs/"+word); r.status != 404 || !strings.Contains(string(r.body), "error") {
			t.Errorf("%s: %s", word, r)
		}
	}
	if r := v.get(t, "/api/compare?base="+ids[0]); r.status != 422 {
		t.Errorf("one side: %s", r)
	}
}

// A page without its token asks for it; the token is in no address afterwards.
func TestTokenForm(t *testing.T) {
	const token = "0123456789abcdef0123"
	v := serve(t, func(c *Config) { c.Serve, c.ServeToken = ":0", token })
	send := func(method, path, body string, headers ...string) *reply {
		req := request(method, v.at(path), body)
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		return do(t, req)
	}
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "Origin", v.at(""), "Sec-Fetch-Site", "same-origin"}
	for path, action := range map[string]string{"/": `action="token"`, "/runs/abc": `action="../token"`} {
		r := send("GET", path, "", "Accept", "text/html")
		text := string(r.body)
		if r.status != 401 || !strings.Contains(text, action) || !strings.Contains(text, `type="password"`) {
			t.Errorf("%s: %d %s", path, r.status, text)
		}
		if p := r.header.Get("Content-Security-Policy"); !strings.Contains(p, "form-action 'self'") || strings.Contains(p, "unsafe") {
			t.Errorf("policy %s", p)
		}
		// A wrong token in the address does not stay there.
		if r := send("GET", path+"?token=wrong", "", "Accept", "text/html"); r.status != 303 || r.header.Get("Location") != path+"?refused" {
			t.Errorf("%s: %d to %s", path, r.status, r.header.Get("Location"))
		}
		if r := send("GET", path+"?token="+token, "", "Accept", "text/html"); r.status != 303 || r.header.Get("Location") != path || len(cookies(r)) != 1 {
			t.Errorf("%s: %d to %s", path, r.status, r.header.Get("Location"))
		}
	}
	r := send("POST", "/token", "next=runs%2Fabc&token=+"+token+"+", form...)
	if r.status != 303 || r.header.Get("Location") != "./runs/abc" || len(cookies(r)) != 1 {
		t.Fatalf("%d %v", r.status, r.header)
	}
	cookie := cookies(r)[0]
	if r := send("GET", "/", "", "Cookie", cookie.Name+"="+cookie.Value); r.status != 200 {
		t.Errorf("with the cookie: %d", r.status)
	}
	for _, wrong := range []struct {
		body    string
		headers []string
		status  int
	}{
		{"token=wrong", form, 403},
		{"token=" + strings.Repeat("x", 10_000), form, 403},
		{"%zz", form, 403},
		{"token=" + token, []string{"Origin", "http://evil.example"}, 403},
		{"token=" + token, []string{"Sec-Fetch-Site", "cross-site"}, 403},
	} {
		if r := send("POST", "/token", wrong.body, wrong.headers...); r.status != wrong.status || len(cookies(r)) > 0 {
			t.Errorf("%.40s: %d %v", wrong.body, r.status, r.header)
		}
	}
	for _, next := range []string{"//evil.example", "https://evil.example/", "../x", `\evil`, "runs/a/b"} {
		if r := send("POST", "/token", "token="+token+"&next="+url.QueryEscape(next), form...); r.header.Get("Location") != "./" {
			t.Errorf("next %s leads to %s", next, r.header.Get("Location"))
		}
	}
	if r := send("GET", "/token", ""); r.status != 200 || !strings.Contains(string(r.body), `action="token"`) {
		t.Errorf("the form by itself: %d", r.status)
	}
	list, note := v.Addresses()
	if len(list) == 0 || !strings.Contains(note, "public address") || strings.Contains(strings.Join(list, " "), token) {
		t.Errorf("%v %s", list, note)
	}
}

func cookies(r *reply) []*http.Cookie { return (&http.Response{Header: r.header}).Cookies() }

// While a run is under way it is replaced by one of another kind of load: it drains, and
// the other one begins.
func TestResetToAnotherLoad(t *testing.T) {
	v := serve(t, nil)
	v.post(t, "/api/start", `{"rate_per_s":"100/s","duration_s":null}`)
	v.untilState(t, "running")
	if r := v.post(t, "/api/reset", `{"concurrency":0}`); r.status != 422 {
		t.Errorf("no load: %s", r)
	}
	if r := v.post(t, "/api/reset", `{"concurrency":3,"duration_s":"1m"}`); r.status != 200 {
		t.Fatal(r)
	}
	until(t, "the other run", func() bool {
		_, _, s := v.controller.view()
		return s.Run == 2 && s.State == "running"
	})
	if _, _, s := v.controller.view(); s.Load.Concurrency == nil || *s.Load.Concurrency != 3 || s.Load.RatePerS != nil || *s.Form.DurationS != 60 {
		t.Errorf("%+v", s)
	}
}
