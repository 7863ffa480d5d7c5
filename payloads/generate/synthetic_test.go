package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"brunt/payloads/draw"
)

// synthetic makes bodies up and returns their texts and max_tokens.
func synthetic(t *testing.T, o ChatOptions, count int) (texts []string, limits []int, note string) {
	t.Helper()
	var out, notes bytes.Buffer
	o.Chat = true
	n, err := Bodies(&out, Options{Count: count, ChatOptions: o, Notes: &notes})
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
	o := ChatOptions{InputTokens: draw.Distribution{Shape: "normal", A: 550, B: 150},
		OutputTokens: draw.Distribution{Shape: "uniform", A: 50, B: 200}, Seed: 3, System: "s"}
	texts, limits, note := synthetic(t, o, 400)
	seen := map[string]bool{}
	characters, tokens := 0, 0
	for i, text := range texts {
		n := len(strings.Fields(text))
		if want := o.InputTokens.Draw(draw.Fraction(draw.Nth(3, inputDraws, uint64(i)))); n != want ||
			strings.Count(text, " ") != n-1 {
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
	if want := fmt.Sprintf("prompts of %.0f tokens on average, estimated at %.1f characters a token",
		float64(tokens)/400, charactersPerToken); !strings.Contains(note, want) {
		t.Errorf("%q lacks %q", note, want)
	}
	again, sameLimits, _ := synthetic(t, o, 100)
	if !slices.Equal(again, texts[:100]) || !slices.Equal(sameLimits, limits[:100]) {
		t.Error("another count made other prompts")
	}
	o.OutputTokens = draw.Distribution{}
	if again, _, _ = synthetic(t, o, 100); !slices.Equal(again, texts[:100]) {
		t.Error("prompts change with the length of replies")
	}
	o.Seed = 4
	if again, _, _ = synthetic(t, o, 100); slices.Equal(again, texts[:100]) {
		t.Error("another seed made the same prompts")
	}
}
