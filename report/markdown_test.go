package report

import (
	"fmt"
	"strings"
	"testing"
)

func markdownOf(t *testing.T, r *Report) string {
	t.Helper()
	var b strings.Builder
	if err := Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Whoever reads it in a pull request learns what was loaded, how, with what and
// when, of every kind of run.
func TestMarkdownSaysWhatWasRun(t *testing.T) {
	healthy := markdownOf(t, scenes()["healthy"])
	for _, want := range []string{
		"- load: 500/s for 10 s\n", "- payloads: bodies.jsonl (1,000 lines, sequential)\n", "- started: 2026-03-01 12:00:00 UTC, lasted 10.0 s\n",
		"- target: my-endpoint, https://dbc.example.com/serving-endpoints/my-endpoint/invocations\n", "- brunt: ",
	} {
		if !strings.Contains(healthy, want) {
			t.Errorf("no %q in\n%s", want, healthy)
		}
	}
	if closed := markdownOf(t, scenes()["closed"]); !strings.Contains(closed, "- load: 16 at a time for ") || !strings.Contains(closed, "- target: http://127.0.0.1:8088/invocations\n") {
		t.Errorf("of a closed loop:\n%s", closed)
	}
	if early := markdownOf(t, scenes()["interrupted"]); !strings.Contains(early, "**Ended early: bodies.jsonl:17: the file shrank") {
		t.Errorf("of a run that ended early:\n%s", early)
	}
	if warned := markdownOf(t, scenes()["invalid"]); !strings.Contains(warned, "Warning: the open-file limit is 1,024") {
		t.Errorf("of a run with a warning:\n%s", warned)
	}
	for name, r := range scenes() {
		text := markdownOf(t, r)
		for _, label := range []string{"load", "started", "brunt"} {
			if strings.Count(text, fmt.Sprintf("\n- %s: ", label)) != 1 {
				t.Errorf("%s: no %s in\n%s", name, label, text)
			}
		}
		if r.Plan.DurationS != nil && !strings.Contains(text, " for "+span(*r.Plan.DurationS)) {
			t.Errorf("%s: no duration in\n%s", name, text)
		}
	}
}

// Nothing that a run brought in becomes markup, or a line of its own.
func TestMarkdownIsSafe(t *testing.T) {
	for i, line := range strings.Split(markdownOf(t, scenes()["hostile"]), "\n") {
		for _, bad := range []string{"<script", "\r", "\x1b", "](", "<img"} {
			if strings.Contains(line, bad) {
				t.Errorf("line %d holds %q: %s", i+1, bad, line)
			}
		}
	}
}
