package scripttest

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// fetch METHOD PATH STATUS [BODY]: asks the live view, once it is there, and
// keeps its answer in the file page.
func fetch(ts *testscript.TestScript, _ bool, args []string) {
	status, body := ask(ts, args[0], args[1], append(args[3:], "")[0])
	ts.Check(os.WriteFile(ts.MkAbs("page"), body, 0o644))
	if strconv.Itoa(status) != args[2] {
		ts.Fatalf("%s %s: status %d: %s", args[0], args[1], status, body)
	}
}

// state WORD: waits until the live view's state is this one.
func state(ts *testscript.TestScript, _ bool, args []string) {
	var text string
	if !until(func() bool {
		stream := open(ts, "GET", "/api/events", "")
		defer stream.Body.Close()
		lines := bufio.NewScanner(stream.Body)
		for text = ""; !strings.Contains(text, `"state":`) && lines.Scan(); {
			text = lines.Text() // the view comes first
		}
		_, state, _ := strings.Cut(text, `"state":`) // the view's own; workers have theirs behind it
		return strings.HasPrefix(state, `"`+args[0]+`"`)
	}) {
		ts.Fatalf("the state is not %s: %s", args[0], text)
	}
}

func ask(ts *testscript.TestScript, method, path, body string) (int, []byte) {
	resp := open(ts, method, path, body)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	return resp.StatusCode, text
}

// open asks until the view answers at all.
func open(ts *testscript.TestScript, method, path, body string) *http.Response {
	var resp *http.Response
	var err error
	if !until(func() bool {
		req, wrong := http.NewRequest(method, "http://127.0.0.1:"+ts.Getenv("PORT")+path, strings.NewReader(body))
		ts.Check(wrong)
		req.Header.Set("Content-Type", "application/json")
		req.Close = true
		resp, err = http.DefaultClient.Do(req)
		return err == nil
	}) {
		ts.Fatalf("%v", err)
	}
	return resp
}

// attach opens a page's stream and reads nothing of it, until the script ends.
func attach(ts *testscript.TestScript, _ bool, _ []string) {
	stream := open(ts, "GET", "/api/events", "")
	ts.Defer(func() { stream.Body.Close() })
}
