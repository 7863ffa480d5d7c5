package config

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"brunt/attack/endpoint"
	"brunt/payloads"
	"brunt/payloads/generate"
	"brunt/payloads/setting"
	"brunt/report/words"
)

// TestFlagOfEachSetting: whatever the engine's errors and advice are about has a
// flag that the command line knows.
func TestFlagOfEachSetting(t *testing.T) {
	_, ctx, err := parse(t, "attack", "x", "--rate", "5")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	makes := kong.Must(&Make{}, kong.PostBuild(readValues))
	for _, f := range append(ctx.Flags(), makes.Model.Flags...) {
		known = append(known, "--"+f.Name)
		if f.Short != 0 {
			known = append(known, "-"+string(f.Short))
		}
		if f.Tag.Negatable != "" {
			known = append(known, "--no-"+f.Name)
		}
	}
	for _, f := range setting.Fields() {
		if flag, _, _ := strings.Cut(words.Flag(f), " "); !slices.Contains(known, flag) {
			t.Errorf("%s is set by %q, which is no flag", f, flag)
		}
	}
}

// TestFlagsInErrorsOfBodies: errors about bodies, and about the target, say the
// flags as they are typed.
func TestFlagsInErrorsOfBodies(t *testing.T) {
	dir := t.TempDir()
	body, row, table := filepath.Join(dir, "b.jsonl"), filepath.Join(dir, "r.jsonl"), filepath.Join(dir, "t.csv")
	for name, text := range map[string]string{body: "{}\n", row: `{"request":"{}","status_code":200}` + "\n", table: "a,b\n1,2\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opened := func(o payloads.Options, names ...string) error {
		specs, err := payloads.ParseSpecs(names)
		if err == nil {
			_, err = payloads.Open(specs, o)
		}
		return err
	}
	made := func(o generate.Options) error {
		_, err := generate.Bodies(io.Discard, o)
		return err
	}
	lone := func(o payloads.Options) error {
		_, err := payloads.SingleSpliced("", nil, o)
		return err
	}
	parsed := func(word string) error {
		_, err := endpoint.Parse(word)
		return err
	}
	chat := func(o generate.ChatOptions) generate.Options {
		o.Chat = true
		return generate.Options{Path: body, ChatOptions: o}
	}
	cold := -1.0
	recorded := payloads.Options{Format: payloads.AutoFormat, Order: payloads.Recorded}
	for _, c := range []struct {
		err  error
		want string
	}{
		{opened(payloads.Options{Unique: true}, body), body + ":1: no text to make unique: --unique needs a user message in messages, or text in prompt or input; leave it out, or mend the body"},
		{opened(recorded, body), body + ": neither an inference table nor lines of the request format with timestamp_ms, which say when requests came: --replay has no timing to go by"},
		{opened(recorded, row), row + ":1: no timestamp_ms or request_time in the row; leave it out, or leave out --replay"},
		{opened(recorded, row, body), "--replay takes one file, for the timing is its own"},
		{lone(payloads.Options{ClientRequestID: true}), "--client-request-id: there are no bodies to stamp; name some with --payloads"},
		{lone(payloads.Options{Unique: true}), "--unique: there are no bodies to make unique; name some with --payloads"},
		{made(generate.Options{FromOpenAPI: "a.json", Path: "x"}), "--from-openapi a.json: makes its one example body; leave out --chat and any other file"},
		{made(generate.Options{Path: body, ChatOptions: generate.ChatOptions{Stream: true}}), "--stream belongs to chat bodies: add --chat, or leave it out"},
		{made(generate.Options{Path: body, RowsPerRequest: 2, ChatOptions: generate.ChatOptions{Chat: true}}), "--chat makes a body per prompt: leave out --type, --unnamed and --rows-per-request"},
		{made(generate.Options{Path: table, Header: true, ChatOptions: generate.ChatOptions{Chat: true}}), table + `:1: no column prompt; say with --column which of "a", "b" it is`},
		{made(generate.Options{ChatOptions: generate.ChatOptions{Chat: true}}), "no prompts: name a .txt, .csv or .jsonl file, or make them up with --input-tokens and --count"},
		{made(chat(generate.ChatOptions{MaxTokens: -1})), "--max-tokens -1: must be 1 or more"},
		{made(chat(generate.ChatOptions{Temperature: &cold})), "--temperature -1: must be 0 or more"},
		{made(chat(generate.ChatOptions{Model: "\xff"})), `--model "\xff": not UTF-8`},
		{made(chat(generate.ChatOptions{System: "\xff"})), `--system: "\xff":1: not UTF-8: invalid byte 0xFF`},
		{made(chat(generate.ChatOptions{System: "@" + dir + "/none"})), "--system " + dir + "/none: no such file; check the path"},
		{parsed("http://me:pw@x/"), `target "http://***@x/": a user or password in the URL would show up in reports; use -H 'Authorization: env:NAME'`},
		{parsed("http://me:pw@x%zz/"), `target "http://***@x%zz/": its host cannot be read, and a user or password in the URL would show up in reports (use -H 'Authorization: env:NAME'); give a URL such as https://host/path`},
	} {
		if c.err == nil || words.Error(c.err) != c.want {
			t.Errorf("%v\nwant %s", words.Error(c.err), c.want)
		}
	}
}

// TestTimeouts: a stream that has begun to answer is not cut by the default, and a
// time-out that is given holds for all replies.
func TestTimeouts(t *testing.T) {
	for _, c := range []struct {
		args                    []string
		timeout, streams, stall time.Duration
	}{
		{nil, time.Minute, time.Hour, time.Minute},
		{[]string{"--timeout", "5s"}, 5 * time.Second, 5 * time.Second, time.Minute},
		{[]string{"--timeout", "2h", "--stream-stall", "5m"}, 2 * time.Hour, 2 * time.Hour, 5 * time.Minute},
	} {
		g, _, err := parse(t, append([]string{"attack", "x", "--rate", "5", "-d", "1s"}, c.args...)...)
		if err != nil {
			t.Fatal(err)
		}
		p := g.Attack.Load.Plan()
		if p.Timeout != c.timeout || p.StreamTimeout != c.streams || p.StreamStall != c.stall {
			t.Errorf("%v: %v, streams %v, stall %v", c.args, p.Timeout, p.StreamTimeout, p.StreamStall)
		}
	}
}
