package mock

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"brunt/attack/stream"
)

const chatBody = `{"messages":[{"role":"user","content":"hi"}],"stream":true}`

var opaque = regexp.MustCompile(`"id":"[^"]+"|"created":\d+|"model":"mock"`)

// TestStreamedAnswers are word for word what clients of such endpoints get.
func TestStreamedAnswers(t *testing.T) {
	head := func(object string) string {
		return `data: {#,"object":"` + object + `",#,#,"choices":[`
	}
	chat := func(delta, rest string) string {
		return head("chat.completion.chunk") + `{"index":0,"delta":{` + delta + `},"finish_reason":` + rest + "}\n\n"
	}
	const none, role, done = `null}]`, `"role":"assistant","content":""`, "data: [DONE]\n\n"
	tokens := func(n string) string {
		return `,"usage":{"prompt_tokens":8,"completion_tokens":` + n + `,"total_tokens":` + map[string]string{"0": "8", "1": "9", "2": "10"}[n] + `}`
	}
	tests := []struct {
		usage      Usage
		body, want string
	}{
		{UsageLast, chatBody, chat(role, none) + chat(`"content":"every "`, none) + chat(`"content":"reply "`, none) + chat("", `"stop"}]`+tokens("2")) + done},
		{UsageEach, chatBody, chat(role, none+tokens("0")) + chat(`"content":"every "`, none+tokens("1")) + chat(`"content":"reply "`, none+tokens("2")) + chat("", `"stop"}]`+tokens("2")) + done},
		{UsageExtra, chatBody, chat(role, none) + chat(`"content":"every "`, none) + chat(`"content":"reply "`, none) + chat("", `"stop"}]`) + head("chat.completion.chunk") + "]" + tokens("2") + "}\n\n" + done},
		{UsageNone, `{"prompt":"x","stream":true,"max_tokens":1}`, head("text_completion") + `{"index":0,"text":"every ","finish_reason":null}]}` + "\n\n" +
			head("text_completion") + `{"index":0,"text":"","finish_reason":"length"}]}` + "\n\n" + done},
	}
	for _, tt := range tests {
		c := quick()
		c.Tokens, c.Usage = 2, tt.usage
		s := start(t, c)
		got := post(newClient(t), s.URL(), tt.body)
		if got.status != 200 || got.header.Get("Content-Type") != string(typeEvents) || got.header.Get("Served-Model-Name") != "mock-1" || got.err != nil {
			t.Errorf("%s: %d %v %v", tt.usage, got.status, got.header, got.err)
		}
		if text := opaque.ReplaceAllString(got.body, "#"); text != tt.want {
			t.Errorf("%s: got\n%swant\n%s", tt.usage, text, tt.want)
		}
		eventually(t, "one answer", func() bool { return s.Stats().Answered[200] == 1 })
		if st := s.Stats(); st.BytesOut != uint64(len(got.body)) {
			t.Errorf("%s: %d bytes out, not %d", tt.usage, st.BytesOut, len(got.body))
		}
	}
	c := quick()
	c.StreamErrors, c.StreamStalls = 0.6, 0.6
	if s, err := Start(c, "127.0.0.1:0"); err == nil {
		s.Close()
		t.Error("shares above 1 are taken")
	}
}

// read follows a streamed answer.
func read(t *testing.T, client *http.Client, url string) (*stream.Stream, error) {
	t.Helper()
	s := &stream.Stream{}
	s.Reset(stream.Events)
	resp, err := client.Post(url, "application/json", strings.NewReader(chatBody))
	if err != nil {
		t.Error(err)
		return s, nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	s.Feed(text, 1)
	s.End(1)
	return s, err
}

// TestStreamSchedule: tokens are never sent before they are due, the slot is
// held to the last one, and the note says when they were sent.
func TestStreamSchedule(t *testing.T) {
	c := Config{Concurrency: 1, Tokens: 5, Latency: time.Minute, TTFT: 30 * time.Millisecond, TokenGap: 10 * time.Millisecond, Overhead: 3 * time.Millisecond}
	s := start(t, c)
	s.NoteStreams()
	client := newClient(t)
	results := make(chan *stream.Stream, 2)
	for range 2 {
		go func() {
			got, err := read(t, client, s.URL())
			if err != nil {
				t.Error(err)
			}
			results <- got
		}()
	}
	for range 2 {
		if got := <-results; got.Chunks != 5 || got.Valid != 7 || !got.Done || got.Stated.Output != 5 {
			t.Errorf("%+v", got)
		}
	}
	eventually(t, "two notes", func() bool { return len(s.Streamed()) == 2 })
	notes := s.Streamed()
	for _, n := range notes {
		if len(n.Sent) != 5 || n.Fault != "" {
			t.Fatalf("%+v", n)
		}
		for i, at := range n.Sent {
			if due := n.Arrived + c.Overhead + c.TTFT + time.Duration(i)*c.TokenGap; at < due {
				t.Errorf("token %d sent %v before it was due", i, due-at)
			}
		}
	}
	if hold := c.TTFT + 4*c.TokenGap; notes[1].Sent[0] < notes[0].Arrived+hold+c.Overhead+c.TTFT {
		t.Errorf("the second one did not wait for the slot: %+v", notes)
	}
}

func TestStreamFaults(t *testing.T) {
	for share, want := range map[string]func(c *Config){
		"error": func(c *Config) { c.StreamErrors = 1 },
		"break": func(c *Config) { c.StreamBreaks = 1 },
		"stall": func(c *Config) { c.StreamStalls = 1 },
	} {
		c := quick()
		c.Tokens = 6
		want(&c)
		s := start(t, c)
		s.NoteStreams()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			got, err := read(t, newClient(t), s.URL())
			if got.Chunks != 3 || got.Done || got.Failed != (share == "error") || (err == nil) != (share == "error") {
				t.Errorf("%s: %+v, %v", share, got, err)
			}
		}()
		if share == "stall" {
			eventually(t, "one begun", func() bool { return s.Stats().Arrived == 1 })
			s.Close()
		}
		<-ended
		eventually(t, "a note", func() bool { return len(s.Streamed()) == 1 })
		if n := s.Streamed()[0]; n.Fault != share || len(n.Sent) != 3 {
			t.Errorf("%s: %+v", share, n)
		}
		checkSum(t, s.Stats())
	}
}
