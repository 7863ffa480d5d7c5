package scripttest

import (
	"errors"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"brunt/attack/figure"
	"brunt/report"
)

// exits N|M COMMAND…: the command ends with exactly this code, or one of these.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if !slices.Contains(strings.Split(args[0], "|"), strconv.Itoa(code)) {
		ts.Fatalf("exit code %d, not %s", code, args[0])
	}
}

// sound FILE: the report's figures do not contradict each other.
func sound(ts *testscript.TestScript, _ bool, args []string) {
	rep, err := report.Read(strings.NewReader(ts.ReadFile(args[0])), args[0])
	ts.Check(err)
	ts.Check(rep.Check())
}

// samefigures A B: two reports agree to three digits.
func sameFigures(ts *testscript.TestScript, _ bool, args []string) {
	var reps [2]*report.Report
	for i := range reps {
		rep, err := report.Read(strings.NewReader(ts.ReadFile(args[i])), args[i])
		ts.Check(err)
		ts.Check(rep.Check())
		reps[i] = rep
	}
	a, b := reps[0], reps[1]
	if a.Requests.Succeeded != b.Requests.Succeeded || a.Requests.Failed != b.Requests.Failed {
		ts.Fatalf("%+v and %+v", a.Requests, b.Requests)
	}
	for _, pair := range [][2]*float64{
		{a.LatencyMS[figure.Response].P50, b.LatencyMS[figure.Response].P50}, {a.LatencyMS[figure.Response].P99, b.LatencyMS[figure.Response].P99},
		{a.LatencyMS[figure.Service].P50, b.LatencyMS[figure.Service].P50}, {a.LatenessMS.Max, b.LatenessMS.Max},
	} {
		if math.Abs(*pair[0]-*pair[1]) > 0.002**pair[0]+1e-6 {
			ts.Fatalf("%v and %v", *pair[0], *pair[1])
		}
	}
}

// oneline: standard error is one line of brunt's.
func oneline(ts *testscript.TestScript, _ bool, _ []string) {
	text := ts.ReadFile("stderr")
	if !strings.HasPrefix(text, "brunt: ") || strings.Count(text, "\n") != 1 {
		ts.Fatalf("standard error is not one line of brunt's: %q", text)
	}
}
