package scripttest

import (
	"errors"
	"fmt"
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

// samecounts A B: two reports count the same requests, of the same names, stages,
// conversations and tokens, which came to the same.
func sameCounts(ts *testscript.TestScript, _ bool, args []string) {
	var counts [2]string
	for i := range counts {
		rep, err := report.Read(strings.NewReader(ts.ReadFile(args[i])), args[i])
		ts.Check(err)
		ts.Check(rep.Check())
		counts[i] = countsOf(rep)
	}
	if counts[0] != counts[1] {
		ts.Fatalf("%s\n%s\n%s\n%s", args[0], counts[0], args[1], counts[1])
	}
}

func countsOf(rep *report.Report) string {
	r := rep.Requests
	list := []string{fmt.Sprint("requests ", r.Planned, r.Sent, r.NotSent, r.Succeeded, r.Failed, r.Unknown, rep.Status)}
	for i := range rep.Names {
		list = append(list, fmt.Sprint(rep.Names[i].Name, rep.Names[i].Requests.Sent, rep.Names[i].Requests.Succeeded))
	}
	for i := range rep.Stages {
		list = append(list, fmt.Sprint("stage ", rep.Stages[i].Requests.Planned))
	}
	for i := range rep.SLO {
		list = append(list, fmt.Sprint(rep.SLO[i].Rule, rep.SLO[i].Met))
	}
	slices.Sort(list)
	if s := rep.Sessions; s != nil {
		list = append(list, fmt.Sprintf("%+v", *s))
	}
	if s := rep.Stream; s != nil {
		list = append(list, fmt.Sprint("streams ", s.Streams, s.OutputTokens))
	}
	return strings.Join(list, "\n")
}

// oneline: standard error is one line of brunt's.
func oneline(ts *testscript.TestScript, _ bool, _ []string) {
	text := ts.ReadFile("stderr")
	if !strings.HasPrefix(text, "brunt: ") || strings.Count(text, "\n") != 1 {
		ts.Fatalf("standard error is not one line of brunt's: %q", text)
	}
}
