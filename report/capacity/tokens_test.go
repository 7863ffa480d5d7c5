package capacity_test

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"brunt/attack/quiet"
	"brunt/payloads/needs"
	"brunt/report/capacity"
	"brunt/report/config"
)

// Streams of 20 tokens, the first after 50 ms and the others each 5 ms later, on 32
// slots: 32 clients keep the rules, 40 do not, and the tokens per second are those of
// the arithmetic.
func TestTokens(t *testing.T) {
	needs.Time(t)
	chat := filepath.Join(t.TempDir(), "chat.jsonl")
	body := `{"messages":[{"role":"user","content":"hello"}],"max_tokens":20,"stream":true}`
	if err := os.WriteFile(chat, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	quiet.Repeat(t, func() error {
		target := "mock://?tokens=20&ttft=50ms&token-gap=5ms&sigma=0&concurrency=32"
		rep, _ := searched(t, target, []string{"ttft.p90<70ms", "tpot.p90<10ms"}, func(f *capacity.Flags) {
			f.Search.Sweep, f.Search.Levels = "concurrency", "16,32,40"
			// The streams begin as one. Of one that a step's end cuts in two, the part
			// that counts is by its phase: there are twenty whole ones before it.
			f.Search.Step = config.Duration(20 * 146 * time.Millisecond)
			f.Payloads.Payloads = []string{chat}
		})
		c := rep.Capacity
		if c.Concurrency == nil || *c.Concurrency != 32 || c.HighConcurrency == nil || *c.HighConcurrency != 40 {
			return fmt.Errorf("%s: not 32 of 40 clients", c.Headline)
		}
		const each = 0.001 + 0.050 + 19*0.005 // seconds
		for _, s := range c.Steps[:2] {
			want := 20 * float64(*s.Concurrency) / each
			if s.TokensPerS == nil || math.Abs(*s.TokensPerS/want-1) > 0.03 {
				return fmt.Errorf("%d clients: %.0f tokens/s, not %.0f", *s.Concurrency, *cmp.Or(s.TokensPerS, new(float64)), want)
			}
		}
		return nil
	})
}
