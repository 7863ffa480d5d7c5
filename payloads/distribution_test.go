package payloads

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestParseDistribution(t *testing.T) {
	for s, want := range map[string]Distribution{
		"500": {"fixed", 500, 0}, "fixed(500)": {"fixed", 500, 0}, "uniform(100,1000)": {"uniform", 100, 1000}, "normal(550,150)": {"normal", 550, 150},
		" Normal( 550 , 150 ) ": {"normal", 550, 150}, "lognormal(400,0.6)": {"lognormal", 400, 0.6}, "normal(5.5,0)": {"normal", 5.5, 0},
	} {
		if got, err := ParseDistribution(s); err != nil || got != want {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", "x", "-5", "0", "fixed()", "fixed(1,2)", "uniform(5)", "uniform(9,5)", "uniform(1.5,3)", "uniform(1,2000000)", "normal(550,150", "normal(550;150)",
		"normal(550,-1)", "normal(NaN,1)", "normal(1,Inf)", "lognormal(400,11)", "gamma(1,2)", "normal(0,1)", "1e9", "(5)", "fixed(5))",
	} {
		if got, err := ParseDistribution(s); err == nil || !strings.Contains(err.Error(), "write it as") {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
}

// cdf is a distribution's definition: the share of draws of at most n tokens,
// where a draw is rounded, and one below 1 is 1.
func cdf(d Distribution, n int) float64 {
	if n < 1 {
		return 0
	}
	upper := float64(n) + 0.5 // what rounds to n at most
	phi := func(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }
	switch d.shape {
	case "uniform":
		return min(max((float64(n)-d.a+1)/(d.b-d.a+1), 0), 1)
	case "normal":
		return phi((upper - d.a) / d.b)
	case "lognormal":
		return phi((math.Log(upper) - math.Log(d.a)) / d.b)
	}
	if float64(n) >= math.Round(d.a) {
		return 1
	}
	return 0
}

// TestDistributions draws and compares with the definition: nowhere is the
// share of draws off by more than chance allows (Kolmogorov and Smirnov; 1.95
// is passed by chance once in a thousand, and draws depend on the seed only).
func TestDistributions(t *testing.T) {
	const n = 20_000
	for _, word := range []string{"fixed(500)", "uniform(100,1000)", "uniform(1,3)", "normal(550,150)", "normal(20,30)", "lognormal(400,0.6)", "lognormal(3,1)"} {
		d, err := ParseDistribution(word)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []uint64{inputDraws, outputDraws} {
			draws := make([]int, n)
			for i := range draws {
				draws[i] = d.draw(fraction(drawn(7, kind, uint64(i))))
			}
			slices.Sort(draws)
			worst := 0.0
			for i := 0; i < n; {
				value, from := draws[i], i
				for i < n && draws[i] == value {
					i++
				}
				worst = max(worst, math.Abs(float64(i)/n-cdf(d, value)), math.Abs(float64(from)/n-cdf(d, value-1)))
			}
			if worst*math.Sqrt(n) > 1.95 {
				t.Errorf("%s: off by %.4f", word, worst)
			}
		}
	}
	if low, high := (Distribution{"normal", 2, 1e6}).draw(1e-9), (Distribution{"lognormal", 1e6, 10}).draw(1-1e-9); low != 1 || high != maxTokens {
		t.Error(low, high)
	}
}

// synthetic makes bodies up and returns their texts and max_tokens.
func synthetic(t *testing.T, o ChatOptions, count int) (texts []string, limits []int, note string) {
	t.Helper()
	var out, notes bytes.Buffer
	o.Chat = true
	n, err := Make(&out, MakeOptions{Count: count, ChatOptions: o, Notes: &notes})
	if err != nil || n != count {
		t.Fatalf("%d bodies: %v", n, err)
	}
	checkMade(t, out.Bytes(), n)
	for line := range bytes.Lines(out.Bytes()) {
		var body struct {
			Messages []struct{ Content string }
			Max      int `json:"max_tokens"`
		}
		if err := json.Unmarshal(line, &body); err != nil {
			t.Fatal(err)
		}
		texts, limits = append(texts, body.Messages[len(body.Messages)-1].Content), append(limits, body.Max)
	}
	return texts, limits, notes.String()
}

// TestSynthetic: prompts have the tokens that were drawn, one a word; they
// depend on the seed and their number only, and no two are alike.
func TestSynthetic(t *testing.T) {
	o := ChatOptions{InputTokens: Distribution{"normal", 550, 150}, OutputTokens: Distribution{"uniform", 50, 200}, Seed: 3, System: "s"}
	texts, limits, note := synthetic(t, o, 400)
	seen := map[string]bool{}
	characters, tokens := 0, 0
	for i, text := range texts {
		n := len(strings.Fields(text))
		if want := o.InputTokens.draw(fraction(drawn(3, inputDraws, uint64(i)))); n != want || strings.Count(text, " ") != n-1 {
			t.Fatalf("%d tokens, not %d", n, want)
		}
		if limits[i] < 50 || limits[i] > 200 {
			t.Error(limits[i])
		}
		start := strings.Join(strings.Fields(text)[:min(n, 16)], " ")
		if seen[start] {
			t.Errorf("two prompts begin with %s", start)
		}
		seen[start] = true
		characters, tokens = characters+len(text)+1, tokens+n
	}
	if ratio := float64(characters) / float64(tokens); math.Abs(ratio-charactersPerToken) > 0.05 {
		t.Errorf("%.2f characters a token, not %.2f", ratio, charactersPerToken)
	}
	if want := fmt.Sprintf("prompts of %.0f tokens on average, estimated at %.1f characters a token", float64(tokens)/400, charactersPerToken); !strings.Contains(note, want) {
		t.Errorf("%q lacks %q", note, want)
	}
	again, sameLimits, _ := synthetic(t, o, 100)
	if !slices.Equal(again, texts[:100]) || !slices.Equal(sameLimits, limits[:100]) {
		t.Error("another count made other prompts")
	}
	o.OutputTokens = Distribution{}
	if again, _, _ = synthetic(t, o, 100); !slices.Equal(again, texts[:100]) {
		t.Error("prompts change with the length of replies")
	}
	o.Seed = 4
	if again, _, _ = synthetic(t, o, 100); slices.Equal(again, texts[:100]) {
		t.Error("another seed made the same prompts")
	}
}
