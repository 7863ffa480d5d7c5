package payloads

import (
	"encoding/json"
	"strings"
	"testing"

	"brunt/payloads/filetest"
)

// TestClientRequestID: X stands where the key is to go.
func TestClientRequestID(t *testing.T) {
	for _, c := range []struct {
		body string
		left bool
	}{
		{`{X"inputs":[1]}`, false},
		{` {X "inputs" : [1] }`, false},
		{"\t{X}", false},
		{"{X \n }", false},
		{`{X"a":{"client_request_id":"inner"}}`, false},
		{`{X"Client_request_id":"other"}`, false},
		{`{"client_request_id":"mine","inputs":[1]}`, true},
		{`{"inputs":[1],"client_request_id":null}`, true},
		{`{"client_request_\u0069d":"mine"}`, true},
		{`[{"a":1}]`, true},
		{`"{"`, true},
		{`7`, true},
	} {
		body := strings.Replace(c.body, "X", "", 1)
		key := `"client_request_id":"run-3",`
		if json.Valid([]byte(body)) && strings.Trim(body, "{} \t\n") == "" {
			key = strings.TrimSuffix(key, ",")
		}
		s, err := SingleSpliced("test", []byte(body), Options{ClientRequestID: true})
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		got := splicedBody(t, s.At(3).Body, s.Splices(3), "run-3")
		if want := strings.Replace(c.body, "X", key, 1); got != want || !json.Valid([]byte(got)) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if stamped, left := s.Stamped(); stamped+left != 1 || (left == 1) != c.left {
			t.Errorf("%s: %d stamped, %d left", body, stamped, left)
		}
	}
	if _, err := SingleSpliced("", nil, Options{ClientRequestID: true}); err == nil ||
		!strings.HasPrefix(err.Error(), "client request id: ") {
		t.Error(err)
	}
}

// The id and the nonce of --unique go into one body, in both formats of files,
// and bodies that are left as they are get counted.
func TestClientRequestIDOfFiles(t *testing.T) {
	bodies := `{"prompt":"a"}` + "\n" + `{"prompt":"b","client_request_id":"mine"}` + "\n"
	requests := `{"body":{"prompt":"a"}}` + "\n" + `{"weight":2,"body":{"prompt":"b","client_request_id":"mine"}}` + "\n"
	for format, content := range map[Format]string{BodyFormat: bodies, RequestFormat: requests} {
		s := mustOpen(t, Options{Format: format, Unique: true, ClientRequestID: true},
			Spec{filetest.Write(t, "a.jsonl", content), 1})
		if got, want := splicedBody(t, s.At(0).Body, s.Splices(0), "r-0"),
			`{"client_request_id":"r-0","prompt":"r-0 a"}`; got != want {
			t.Errorf("%s: got %s, want %s", format, got, want)
		}
		if got, want := splicedBody(t, s.At(1).Body, s.Splices(1), "r-1"),
			`{"prompt":"r-1 b","client_request_id":"mine"}`; got != want {
			t.Errorf("%s: got %s, want %s", format, got, want)
		}
		if stamped, left := s.Stamped(); stamped != 1 || left != 1 {
			t.Errorf("%s: %d stamped, %d left", format, stamped, left)
		}
	}
	plain := mustOpen(t, Options{}, Spec{filetest.Write(t, "a.jsonl", bodies), 1})
	if stamped, left := plain.Stamped(); stamped+left != 0 || plain.sources[0].splices != nil {
		t.Errorf("%d stamped, %d left without being asked", stamped, left)
	}
}
