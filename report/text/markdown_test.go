package text_test

import (
	"fmt"
	"strings"
	"testing"

	"brunt/report"
	"brunt/report/format"
	"brunt/report/reporttest"
	"brunt/report/text"
)

// Whoever reads it in a pull request learns what was loaded, how, with what and
// when, of every kind of run.
func TestMarkdownSaysWhatWasRun(t *testing.T) {
	healthy := reporttest.MarkdownOf(t, reporttest.Scenes()["healthy"])
	for _, want := range []string{
		"- load: 500/s for 10 s\n", "- payloads: bodies.jsonl (1,000 lines, sequential)\n", "- started: 2026-03-01 12:00:00 UTC, lasted 10.0 s\n",
		"- target: my-endpoint, https://dbc.example.com/serving-endpoints/my-endpoint/invocations\n", "- brunt: ",
	} {
		if !strings.Contains(healthy, want) {
			t.Errorf("no %q in\n%s", want, healthy)
		}
	}
	if closed := reporttest.MarkdownOf(t, reporttest.Scenes()["closed"]); !strings.Contains(closed, "- load: 16 at a time for ") || !strings.Contains(closed, "- target: http://127.0.0.1:8088/invocations\n") {
		t.Errorf("of a closed loop:\n%s", closed)
	}
	if early := reporttest.MarkdownOf(t, reporttest.Scenes()["interrupted"]); !strings.Contains(early, "**Ended early: bodies.jsonl:17: the file shrank") {
		t.Errorf("of a run that ended early:\n%s", early)
	}
	if warned := reporttest.MarkdownOf(t, reporttest.Scenes()["invalid"]); !strings.Contains(warned, "Warning: the open-file limit is 1,024") {
		t.Errorf("of a run with a warning:\n%s", warned)
	}
	for name, r := range reporttest.Scenes() {
		text := reporttest.MarkdownOf(t, r)
		for _, label := range []string{"load", "started", "brunt"} {
			if strings.Count(text, fmt.Sprintf("\n- %s: ", label)) != 1 {
				t.Errorf("%s: no %s in\n%s", name, label, text)
			}
		}
		if r.Plan.DurationS != nil && !strings.Contains(text, " for "+format.SpanSeconds(*r.Plan.DurationS)) {
			t.Errorf("%s: no duration in\n%s", name, text)
		}
	}
}

// Nothing that a run brought in becomes markup, or a line of its own.
func TestMarkdownIsSafe(t *testing.T) {
	for i, line := range strings.Split(reporttest.MarkdownOf(t, reporttest.Scenes()["hostile"]), "\n") {
		for _, bad := range []string{"<script", "\r", "\x1b", "](", "<img"} {
			if strings.Contains(line, bad) {
				t.Errorf("line %d holds %q: %s", i+1, bad, line)
			}
		}
	}
}

// Markdown has both lines, and neither of a plain URL.
func TestMarkdownService(t *testing.T) {
	for want, r := range map[bool]*report.Report{true: reporttest.Served(), false: reporttest.Healthy.Report()} {
		var b strings.Builder
		if err := text.Markdown(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{"\nprovisioned concurrency 8: 500/s", "\nnetwork, queue or model? service"} {
			if strings.Contains(b.String(), words) != want {
				t.Errorf("%q is to be there: %t\n%s", words, want, b.String())
			}
		}
	}
}

// A run that was cut short says so in a pull request as well, and one that sent
// nothing has no limit to tell of.
func TestMarkdownOfAnInterruptedRun(t *testing.T) {
	r := reporttest.Healthy.Report()
	r.Interrupted = true
	var b strings.Builder
	if err := text.Markdown(&b, r); err != nil || !strings.Contains(b.String(), "**Interrupted after ") || !strings.Contains(b.String(), "Limited by nothing") {
		t.Errorf("%v %s", err, b.String())
	}
	r.Requests.Sent = 0
	b.Reset()
	if err := text.Markdown(&b, r); err != nil || !strings.Contains(b.String(), "Nothing was sent.") || strings.Contains(b.String(), "Limited by") {
		t.Errorf("%v %s", err, b.String())
	}
}
