package payloads

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func writeLines(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "turns.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	firstTurn  = `{"session":"a","body":{"model":"m","messages":[ {"role":"user","content":"one"} ]},"reply":"é\n1"}`
	secondTurn = `{"session":"a","think_ms":1500.5,"body":{"messages":[{"role":"user","content":"two"},{"role":"user","content":"2"}],"input":["x"]}}`
	single     = `{"body":{"prompt":"alone"}}`
	otherTurn  = `{"session":"b","body":{"input":[{"role":"user","content":"three"}]},"reply":null}`
)

func TestSessions(t *testing.T) {
	path := writeLines(t, firstTurn, "", secondTurn, single, otherTurn)
	s, err := Open([]Spec{{Path: path, Weight: 1}}, Options{Format: AutoFormat})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !s.Sessions() || s.Files()[0].Lines != 4 {
		t.Fatalf("sessions: %t, files %+v", s.Sessions(), s.Files())
	}
	var got []string
	for i := range uint64(4) { // the fourth is the first again
		c := s.Session(i)
		for k := range c.Turns() {
			messages, offset := []byte("none"), 0
			if strings.Contains(string(c.Item(k).Body), "content") {
				messages, offset = c.Messages(k)
			}
			if offset > 0 && !strings.HasPrefix(string(c.Item(k).Body)[offset:], string(messages)) {
				t.Errorf("session %d, turn %d: the messages are not at %d", i, k, offset)
			}
			where := s.WhereTurn(i, k)
			got = append(got, where[strings.LastIndexByte(where, ':'):]+" "+c.Think(k).String()+" "+string(messages))
		}
	}
	want := []string{
		`:1 0s {"role":"user","content":"one"}`, `:3 1.5005s {"role":"user","content":"two"},{"role":"user","content":"2"}`,
		":4 0s none", `:5 0s {"role":"user","content":"three"}`,
		`:1 0s {"role":"user","content":"one"}`, `:3 1.5005s {"role":"user","content":"two"},{"role":"user","content":"2"}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if reply, ok := s.Session(0).Recorded(0); !ok || string(reply) != `é\n1` {
		t.Errorf("reply %q, %t", reply, ok)
	}
	if _, ok := s.Session(0).Recorded(1); ok {
		t.Error("a reply where there is none")
	}
	if where := s.WithoutReply(); where != "" { // the last turn of each needs none
		t.Errorf("%s has no reply", where)
	}
}

func TestSessionFaults(t *testing.T) {
	for _, c := range []struct{ lines, want string }{
		{firstTurn + "\n" + otherTurn + "\n" + secondTurn, ":3: the lines of a session stand one after the other"},
		{`{"session":"a","body":{"messages":[]}}`, `:1: the body of a session's turn needs "messages"`},
		{`{"session":"a","body":{"messages":"x"}}`, `needs "messages"`},
		{`{"session":"a","body":[1]}`, `needs "messages"`},
		{`{"session":1,"body":{"messages":[1]}}`, `session "1": must be a string`},
		{`{"session":"","body":{"messages":[1]}}`, `must be a string that names`},
		{`{"session":"a","think_ms":-1,"body":{"messages":[1]}}`, `think_ms "-1": must be a number of milliseconds, a day at most`},
		{`{"session":"a","think_ms":86400001,"body":{"messages":[1]}}`, `a day at most`},
		{`{"session":"a","reply":{},"body":{"messages":[1]}}`, `reply: must be a string, the assistant's answer to this turn, not an object`},
		{`{"think_ms":5,"body":{"messages":[1]}}`, `think_ms without "session"`},
		{`{"session":"a","weight":2,"body":{"messages":[1]}}`, "a turn of a session has no weight"},
		{`{"session":"a","body":{"messages":[1]}}` + "\n" + `{"body":1,"weight":2}`, "some lines have a weight and others are turns"},
	} {
		path := writeLines(t, c.lines)
		_, err := Open([]Spec{{Path: path, Weight: 1}}, Options{Format: RequestFormat})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngot  %v\nwant %s", c.lines, err, c.want)
		}
	}
	path := writeLines(t, firstTurn)
	if _, err := Open([]Spec{{Path: path, Weight: 1}}, Options{Unique: true, Format: AutoFormat}); err == nil || !strings.Contains(err.Error(), "has sessions") {
		t.Errorf("unique: %v", err)
	}
	if s, err := Open([]Spec{{Path: writeLines(t, firstTurn, otherTurn), Weight: 1}}, Options{Format: AutoFormat}); err != nil || s.WithoutReply() != "" {
		t.Errorf("one turn each: %v", err)
	}
	path = writeLines(t, secondTurn, firstTurn)
	if s, err := Open([]Spec{{Path: path, Weight: 1}}, Options{Format: AutoFormat}); err != nil || s.WithoutReply() != path+":1" {
		t.Errorf("without a reply: %v, %v", s.WithoutReply(), err)
	}
}

// A recorded order goes by when a session's first turn came.
func TestSessionsRecorded(t *testing.T) {
	at := func(line string, ms string) string { return strings.Replace(line, "{", `{"timestamp_ms":`+ms+`,`, 1) }
	path := writeLines(t, at(firstTurn, "5000"), secondTurn, at(otherTurn, "2000"))
	s, err := Open([]Spec{{Path: path, Weight: 1}}, Options{Format: AutoFormat, Order: Recorded})
	if err != nil {
		t.Fatal(err)
	}
	if list := s.Instants(); len(list) != 2 || time.Duration(list[1]) != 3*time.Second || s.Where(0) != path+":3" || s.Session(1).Turns() != 2 {
		t.Errorf("instants %v, first %s", list, s.Where(0))
	}
}
