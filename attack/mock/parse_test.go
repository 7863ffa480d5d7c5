package mock

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	with := func(change func(*Config)) Config {
		c := Default()
		change(&c)
		return c
	}
	tests := []struct {
		url  string
		want Config
	}{
		{"mock://", Default()},
		{"mock:///", Default()},
		{"mock://?", Default()},
		{"mock://my-name", with(func(c *Config) { c.Name = "my-name" })},
		{"mock://A_b.9/?seed=7", with(func(c *Config) { c.Name, c.Seed = "A_b.9", 7 })},
		{"mock://?&seed=7&", with(func(c *Config) { c.Seed = 7 })},
		{"mock://?seed=18446744073709551615", with(func(c *Config) { c.Seed = math.MaxUint64 })},
		{"mock://?latency=0s&overhead=0&sigma=0&queue=0", with(func(c *Config) {
			c.Latency, c.Overhead, c.Sigma, c.Queue = 0, 0, 0, 0
		})},
		{"mock://?late%6Ecy=1.5%6Ds", with(func(c *Config) { c.Latency = 1500 * time.Microsecond })},
		{"mock://?overhead=2ms&latency=30ms&sigma=0.3&concurrency=8&queue=50&errors=0.01&error-status=503&cold-start=5s&tokens=100&seed=3" +
			"&ttft=300ms&token-gap=20ms&usage=each&stream-errors=0.01&stream-breaks=0.02&stream-stalls=0.03&autoscale=20s&rate-limit=200&stalls=0.02&stall=250ms",
			Config{
				Name: "mock", Overhead: 2 * time.Millisecond, Latency: 30 * time.Millisecond, Sigma: 0.3,
				Concurrency: 8, Queue: 50, Errors: 0.01, ErrorStatus: 503, ColdStart: 5 * time.Second, Tokens: 100, Seed: 3,
				TTFT: 300 * time.Millisecond, TokenGap: 20 * time.Millisecond, Usage: UsageEach,
				StreamErrors: 0.01, StreamBreaks: 0.02, StreamStalls: 0.03,
				Autoscale: 20 * time.Second, RateLimit: 200, Stalls: 0.02, Stall: 250 * time.Millisecond,
			}},
	}
	for _, tt := range tests {
		got, err := Parse(tt.url)
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
		} else if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.url, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ url, want string }{
		{"", `"": not a mock endpoint; write mock://`},
		{"http://x", `"http://x": not a mock endpoint`},
		{"mock:x", "not a mock endpoint"},
		{"mock://a/b", `endpoint name "a/b": expected 1 to 63 letters`},
		{"mock://a b", `endpoint name "a b"`},
		{"mock://..", `endpoint name ".."`},
		{"mock://host:80", `endpoint name "host:80"`},
		{"mock://" + strings.Repeat("n", 64), "endpoint name"},
		{"mock://latency=20ms", `values go after a "?"`},
		{"mock://?usage=often", `usage="often": expected last, each, extra (in a chunk of its own) or none`},
		{"mock://?latncy=2ms", `no key "latncy"; known, nearest first: latency, `},
		{"mock://?coldstart=2s", `no key "coldstart"; known, nearest first: cold-start, `},
		{"mock://?=2ms", `no key ""; known`},
		{"mock://?Latency=2ms", "known, nearest first: latency, "},
		{"mock://?latency", `latency="": expected a duration`},
		{"mock://?latency=", `latency="": expected a duration`},
		{"mock://?latency=20", `latency="20": expected a duration with a unit from 0s to 297s, such as 20ms`},
		{"mock://?latency=-1ms", `latency="-1ms": expected a duration`},
		{"mock://?latency=298s", `latency="298s": expected a duration`},
		{"mock://?latency=%zz", `latency="%zz": expected a duration`},
		{"mock://?latency=1ms&latency=2ms", `latency="2ms": given twice; keep one`},
		{"mock://?overhead=fast", `overhead="fast": expected a duration`},
		{"mock://?overhead=1%0Ams", `overhead="1\nms": expected`},
		{"mock://?sigma=NaN", `sigma="NaN": expected a number from 0 (constant) to 5`},
		{"mock://?sigma=-0.1", `sigma="-0.1": expected`},
		{"mock://?sigma=inf", `sigma="inf": expected`},
		{"mock://?concurrency=0", `concurrency="0": expected a whole number from 1`},
		{"mock://?concurrency=1.5", `concurrency="1.5": expected a whole number`},
		{"mock://?concurrency=70000", `concurrency="70000": expected`},
		{"mock://?queue=-1", `queue="-1": expected a whole number from 0 (no bound)`},
		{"mock://?errors=1.01", `errors="1.01": expected a share from 0 to 1`},
		{"mock://?errors=1%25", `errors="1%": expected a share`},
		{"mock://?error-status=200", `error-status="200": expected a status from 400 to 599`},
		{"mock://?error-status=0", `error-status="0": expected a status`},
		{"mock://?cold-start=2h", `cold-start="2h": expected`},
		{"mock://?tokens=many", `tokens="many": expected a whole number`},
		{"mock://?seed=-1", `seed="-1": expected a whole number`},
		{"mock://?seed=18446744073709551616", `seed="18446744073709551616": expected`},
		{"mock://?seed=" + strings.Repeat("9", 1000), "…: expected"},
	}
	for _, tt := range tests {
		_, err := Parse(tt.url)
		if err == nil {
			t.Errorf("%s: taken", tt.url)
			continue
		}
		if got := err.Error(); !strings.Contains(got, tt.want) || len(got) > 300 {
			t.Errorf("%s:\n got %s\nwant %s", tt.url, got, tt.want)
		}
	}
}

func TestUnknownKeyListsEveryKey(t *testing.T) {
	_, err := Parse("mock://?x=1")
	for _, s := range settings {
		if !strings.Contains(err.Error(), s.key) {
			t.Errorf("%q does not list %s", err, s.key)
		}
	}
}

func TestValidate(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	if err := (Config{Concurrency: 1}).Validate(); err != nil {
		t.Errorf("zero values mean their defaults: %v", err)
	}
	tests := []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Name = "a b" }, `endpoint name "a b": expected`},
		{func(c *Config) { c.Latency = -1 }, "latency=-1ns: expected a duration"},
		{func(c *Config) { c.Sigma = math.NaN() }, "sigma=NaN: expected a number"},
		{func(c *Config) { c.Concurrency = 0 }, "concurrency=0: expected a whole number from 1"},
		{func(c *Config) { c.ErrorStatus = 99 }, "error-status=99: expected a status"},
	}
	for _, tt := range tests {
		c := Default()
		tt.change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
		if s, err := Start(c, "127.0.0.1:0"); err == nil {
			s.Close()
			t.Errorf("%s: started", tt.want)
		}
	}
}

// Whatever a person types, Parse gives either a configuration that Start would
// take or one line of reasonable length.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"mock://", "mock://n?latency=1ms&sigma=0.2", "mock://?errors=1e-3&seed=9", "mock://?%6c=\n",
		"mock://?latency=9999999h", "mock://?queue=0x1F", "mock://?a=%", "mock://é?é=é", "http://",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, url string) {
		c, err := Parse(url)
		if err == nil {
			if err := c.Validate(); err != nil {
				t.Errorf("Parse took what Validate refuses: %v", err)
			}
			return
		}
		if text := err.Error(); strings.ContainsAny(text, "\n\r") || len(text) > 600 {
			t.Errorf("not one short line: %q", text)
		}
	})
}
