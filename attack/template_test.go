package attack

import (
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
)

// TestTemplate: each request has values of its own, the same in its path and its
// headers; and none has any where that was not asked for.
func TestTemplate(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	bothProtocols(t, func(t *testing.T, http2 bool) {
		set := linesSet(t, payloads.Options{}, nil, `{"path":"/line/{{seq}}?at={{now}}","headers":{"X-Line":"<{{uuid}}>"}}`, `{"method":"PUT"}`)
		request := Request{UserAgent: "test", Template: true, Headers: []payloads.Header{{Name: "Idempotency-Key", Value: "{{uuid}}"}, {Name: "X-Seq", Value: "n{{seq}}-{{seq}}"}, {Name: "X-Half", Value: "{{ no }"}}}
		before := time.Now()
		_, got := newEchoServer(t).one(t, "/to/{{seq}}/{{uuid}}", 40, request, set, func(p *plan.Plan) { p.HTTP2 = http2 })
		if len(got) != 40 {
			t.Fatalf("%d requests", len(got))
		}
		seen := map[string]bool{}
		for i, r := range got {
			key := r.header.Get("Idempotency-Key")
			if !uuid.MatchString(key) || seen[key] {
				t.Errorf("key %q", key)
			}
			seen[key] = true
			n := fmt.Sprint(i + 1)
			if r.header.Get("X-Seq") != "n"+n+"-"+n || r.header.Get("X-Half") != "{{ no }" {
				t.Errorf("%d: %v", i, r.header)
			}
			if i%2 == 1 {
				if r.uri != "/to/"+n+"/"+key {
					t.Errorf("%d: %s", i, r.uri)
				}
				continue
			}
			path, at, _ := strings.Cut(r.uri, "?at=")
			now, err := time.Parse("2006-01-02T15:04:05.000Z", at)
			if path != "/line/"+n || err != nil || now.Before(before.Add(-time.Second)) || now.After(time.Now()) || r.header.Get("X-Line") != "<"+key+">" {
				t.Errorf("%d: %s, %v", i, r.uri, r.header)
			}
		}
		request.Template = false
		_, got = newEchoServer(t).one(t, "/to/{{seq}}", 2, request, set, func(p *plan.Plan) { p.HTTP2 = http2 })
		if got[0].uri != "/line/{{seq}}?at={{now}}" || got[0].header.Get("Idempotency-Key") != "{{uuid}}" || got[1].uri != "/to/%7B%7Bseq%7D%7D" {
			t.Errorf("%+v", got)
		}
	})
}

// TestBadTemplates: a placeholder that there is not is said before anything is sent.
func TestBadTemplates(t *testing.T) {
	server := newEchoServer(t)
	for name, c := range map[string]struct {
		path, header, line, says string
	}{
		"target": {path: "/{{sec}}", says: "TARGET: {{sec}} is none of {{uuid}}, {{seq}} and {{now}}"},
		"header": {header: "{{seq}}{{UUID}}", says: "header X: {{UUID}} is none of"},
		"path":   {line: `{"path":"/{{}}"}`, says: "lines.jsonl:1: path: {{}} is none of"},
		"line":   {line: `{"method":"GET","headers":{"A":"{{time}}"}}`, says: "header A: {{time}} is none of"},
	} {
		target, err := endpoint.Open(t.Context(), server.url+c.path, endpoint.Options{}, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		set := payloads.Single("test", body)
		if c.line != "" {
			set = linesSet(t, payloads.Options{}, nil, c.line)
		}
		request := Request{Template: true, Headers: []payloads.Header{{Name: "X", Value: c.header}}}
		if _, err := Start(testPlan(1), request, set, target, nil); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		target.Close()
	}
}

// TestTemplateSecrets: what stands around a placeholder in a header is not shown when
// the endpoint repeats it.
func TestTemplateSecrets(t *testing.T) {
	server := newEchoServer(t)
	server.answer(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no such key: "+r.Header.Get("X-Api-Key"), http.StatusForbidden)
	})
	request := Request{Template: true, Headers: []payloads.Header{{Name: "X-Api-Key", Value: "canaryKey7Gq2Zs9Vb:{{seq}}:other4Lm1Xc8canary"}}}
	run, _ := server.one(t, "/", 3, request, payloads.Single("test", body), nil)
	for _, f := range run.Snapshot().Failures {
		if strings.Contains(f.Message.String(), "canary") {
			t.Error(f.Message)
		}
	}
}

// TestTemplateDoesNotAllocate: values of a request's own cost no memory.
func TestTemplateDoesNotAllocate(t *testing.T) {
	run := &Run{request: Request{Template: true}}
	s := &slot{run: run, loop: &loop{}}
	src := []byte("GET /{{seq}} HTTP/1.1\r\nIdempotency-Key: {{uuid}}\r\nX-Now: {{now}}\r\n")
	var buf []byte
	once := func() { buf = s.expandHead(append(buf[:0], src...)) }
	once()
	runtime.GC()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if strings.Contains(string(buf), "{{") {
		t.Errorf("%s", buf)
	}
}

// FuzzTemplate: what has no placeholders stays as it is, and what is checked has no
// unknown ones.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"a{{uuid}}b", "{{{{seq}}}}", "%7B%7Bnow%7D%7D{{", "}}{{", "{{ seq }}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := &Run{}
		out := r.appendExpanded(nil, text, &ownValues{})
		_, _, _, ok := placeholder(text)
		if !ok && string(out) != string(text) {
			t.Fatalf("%q became %q", text, out)
		}
		if err := checkTemplate("x", text); err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
