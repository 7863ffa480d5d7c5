package config

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// grammar is a command line like attack's.
type grammar struct {
	Attack struct {
		Target string `arg:""`

		Load     `embed:""`
		Payloads `embed:""`
		T        Target            `embed:""`
		Label    map[string]string `mapsep:"none" pair:"=" placeholder:"K=V"`
		Config   File              `predictor:"file"`
	} `cmd:""`
}

func parse(t *testing.T, args ...string) (*grammar, *kong.Context, error) {
	t.Helper()
	g := &grammar{}
	k := kong.Must(g, append(Grammar(), kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}))...)
	ctx, err := Parse(k, args, nil)
	return g, ctx, err
}

func configured(t *testing.T, text string, args ...string) (*grammar, *kong.Context, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("load.yaml", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return parse(t, append([]string{"attack", "x", "--config", "load.yaml"}, args...)...)
}

// TestNaturalYAML: what people write for a list, a map or a number is taken.
func TestNaturalYAML(t *testing.T) {
	for text, want := range map[string][]string{
		"header: 'A: b'":                             {"A: b"},
		"header: ['A: b', \"C: d: e\"]":              {"A: b", "C: d: e"},
		"header:\n- A: b\n- C: d\n- 'E: f'":          {"A: b", "C: d", "E: f"},
		"header:\n  A: b, c\n  D: [e, f]\n  G: 1.50": {"A: b, c", "D: e", "D: f", "G: 1.50"},
		"header: {A: true, B: 2020-01-01, C: '@f'}":  {"A: true", "B: 2020-01-01", "C: @f"},
		"header: {}":                           nil,
		"header:":                              nil,
		"header: &h ['A: b']\nheader_file: []": {"A: b"},
		"\xef\xbb\xbfheader: 'A: b'\r\nrate: 5\r\n": {"A: b"},
	} {
		if g, _, err := configured(t, text); err != nil || !slices.Equal(g.Attack.T.Header, want) {
			t.Errorf("%q: %q, %v", text, g.Attack.T.Header, err)
		}
	}
	g, _, err := configured(t, "rate: 1000000.0\nrequests: 1e9\nduration: 10s\nconcurrency: 1_000\nhttp2: on\nkeepalive: no\nlabel:\n- a: 1\n- b=c\nresolve: {h: 127.0.0.1}\npayloads: [a.jsonl, b.jsonl: 3]")
	if err != nil {
		t.Fatal(err)
	}
	a := &g.Attack
	if a.Rate.Freq != 1e6 || a.Rate.Per != time.Second || *a.Requests != 1e9 || a.Duration != Duration(10*time.Second) || *a.Concurrency != 1000 || !a.HTTP2 || a.Keepalive {
		t.Errorf("%+v", a.Load)
	}
	if !reflect.DeepEqual(a.Label, map[string]string{"a": "1", "b": "c"}) || !slices.Equal(a.T.Resolve, []string{"h:127.0.0.1"}) || !slices.Equal(a.Payloads.Payloads, []string{"a.jsonl", "b.jsonl:3"}) {
		t.Errorf("%+v", a)
	}
}

// TestWrongWords: each mistake on a command line has one line that says what to
// write, and none of kong's own.
func TestWrongWords(t *testing.T) {
	for line, want := range map[string]string{
		"-d":                      `--duration: needs a value, as in --duration 30s`,
		"-d -r 5":                 `--duration: needs a value, as in --duration 30s, and -r is a flag; where it is the value, write --duration=-r`,
		"-d 10":                   `--duration "10": write it with its unit, as 500ms, 30s, 5m or 1h30m`,
		"-d -5s":                  `--duration "-5s": must not be negative`,
		"-d 0s":                   `--duration: must be above 0`,
		"-c 0":                    `--concurrency: 0 must be at least 1`,
		"-c -3":                   `--concurrency: -3 must be at least 1`,
		"-c 5.5":                  `--concurrency: "5.5" is no whole number`,
		"-n -1":                   `--requests: -1 must be at least 1`,
		"-n 99999999999999999999": `--requests: 99999999999999999999 is too large a number`,
		"-r 1e12":                 `--rate "1e12": must be above 0 and at most 10,000,000/s; write it as 500, 500/s or 90/m`,
		"--seed -1":               `--seed: -1 must be 0 or more`,
		"--order":                 `--order: needs a value: sequential, shuffle or random`,
		"--order x":               `--order: "x" is none of sequential, shuffle, random`,
		"--order shufle":          `--order: "shufle" is none of sequential, shuffle, random; did you mean shuffle?`,
		"--http2=maybe":           `--http2: "maybe" is neither true nor false`,
		"--no-keepalive=maybe":    `"maybe" is neither true nor false`,
		"-H":                      `--header: needs a value, as in --header 'NAME: VALUE'`,
		"--label":                 `--label: needs a value, as in --label K=V`,
		"--label team":            `--label: "team" is no pair; write it as k=v`,
		"--speed fast":            `--speed "fast": write it as 2x or 0.5x, from 0.001x to 1000x`,
		"--success abc":           `--success: status set "abc": "abc" is no status or range; write it as 200-299 or 200,304`,
		"-z":                      `unknown flag -z; brunt attack --help lists the flags`,
		"--s":                     `unknown flag --s; brunt attack --help lists the flags`,
		"--raet 5":                `unknown flag --raet; did you mean --rate?`,
		"--con 5":                 `unknown flag --con; did you mean --concurrency?`,
		"--dura 5s":               `unknown flag --dura; did you mean --duration?`,
		"--no-http2":              `unknown flag --no-http2; leave --http2 out instead`,
		"y":                       `unexpected argument y: write brunt attack TARGET [flags]`,
		"-- -x":                   `unexpected argument -x: write brunt attack TARGET [flags]`,
	} {
		_, _, err := parse(t, append([]string{"attack", "x"}, strings.Fields(line)...)...)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestNumbers: one number in all the ways in which it is written.
func TestNumbers(t *testing.T) {
	for word, want := range map[string]uint64{"1": 1, "1e3": 1000, "1.5e3": 1500, "1000000.0": 1e6, "0x10": 16, "1_000": 1000} {
		if g, _, err := parse(t, "attack", "x", "-n", word); err != nil || *g.Attack.Requests != want {
			t.Errorf("%s: %v", word, err)
		}
	}
	for _, word := range []string{"", "x", "1.5", "1e-3", "1e30", "NaN", "Inf", "-1", "0", "1,000"} {
		if _, _, err := parse(t, "attack", "x", "-n", word); err == nil || strings.ContainsAny(err.Error(), "\n%") {
			t.Errorf("%s: %v", word, err)
		}
	}
}

// TestEnvironment: a flag that can be repeated takes a value per line, and
// commas are part of them.
func TestEnvironment(t *testing.T) {
	t.Setenv("BRUNT_HEADER", "A: b, c\r\nD: e\n\n")
	t.Setenv("BRUNT_LABEL", "team=a,b\nhost=c")
	t.Setenv("BRUNT_RESOLVE", "")
	g, ctx, err := parse(t, "attack", "x")
	if err != nil || !slices.Equal(g.Attack.T.Header, []string{"A: b, c", "D: e"}) || len(g.Attack.T.Resolve) != 0 || len(g.Attack.Label) != 2 || g.Attack.Label["team"] != "a,b" {
		t.Errorf("%+v, %v", g.Attack, err)
	}
	if text := Told(ctx, "--header: no colon"); text != "BRUNT_HEADER: --header: no colon" {
		t.Error(text)
	}
	if text := Told(ctx, "--rate: no rate"); text != "--rate: no rate" {
		t.Error(text)
	}
	if g, _, err = parse(t, "attack", "x", "-H", "X: y"); err != nil || !slices.Equal(g.Attack.T.Header, []string{"X: y"}) {
		t.Errorf("%+v, %v", g.Attack, err)
	}
}

// TestTold: an error that comes later names the line of the file.
func TestTold(t *testing.T) {
	_, ctx, err := configured(t, "rate: 5\nresolve:\n- a:1\n- nonsense\n")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`--resolve "nonsense": no address`: `load.yaml:4: --resolve "nonsense": no address`,
		"--rate: too high":                 "load.yaml:1: --rate: too high",
		"no load asked for: give --rate":   "no load asked for: give --rate",
		"--seed: x":                        "--seed: x",
	} {
		if got := Told(ctx, text); got != want {
			t.Errorf("%s", got)
		}
	}
}

// TestWrongConfigs: every error is one line that names the file.
func TestWrongConfigs(t *testing.T) {
	for text, want := range map[string]string{
		"rate: x":                      "load.yaml:1: rate ",
		"a: &x [1]\nrate: *x":          "load.yaml:1: a is no flag",
		"rate: 5\n\x01":                "load.yaml: not YAML: control characters are not allowed",
		"rate: [":                      "load.yaml:",
		"rate: \"x":                    "load.yaml:",
		"rate: 5\n\tduration: 1s":      "load.yaml:2: not YAML: ",
		"[1, 2]":                       "load.yaml:1: no keys",
		"header: {A: {B: c}}":          "load.yaml:1: header: A has keys of its own",
		"header: {A: }":                "load.yaml:1: header: A has no value",
		"? [a]\n: b":                   "load.yaml:1: ",
		"help: true":                   "load.yaml:1: help is no flag",
		"rate: *nobody":                "load.yaml: not YAML: unknown anchor '…' referenced",
		"header: {A: *hunter2Kd93xYz}": "load.yaml: not YAML: unknown anchor '…' referenced",
	} {
		_, _, err := configured(t, text)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, path := range []string{"absent.yaml", filepath.Join(t.TempDir())} {
		if _, _, err := parse(t, "attack", "x", "--config", path); err == nil || !strings.HasPrefix(err.Error(), "--config: ") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestReadmeConfig: the file that the topic flags shows is one.
func TestReadmeConfig(t *testing.T) {
	readme, err := os.ReadFile("../../report/help/flags.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(readme), "```yaml\n")
	text, _, ok := strings.Cut(text, "```")
	g, _, err := configured(t, strings.ReplaceAll(text, "slo:", "resolve:")) // a rule is main's
	if !ok || err != nil || len(g.Attack.T.Header) != 2 || len(g.Attack.T.Resolve) != 2 || g.Attack.Label["team"] != "search" {
		t.Errorf("%+v, %v", g.Attack, err)
	}
}
