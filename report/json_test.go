package report_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"brunt/report"
	"brunt/report/merge"
	"brunt/report/reporttest"
	"brunt/report/text"
)

func TestJSONIsValid(t *testing.T) {
	schema := reporttest.Compiled(t)
	for name, r := range reporttest.Scenes() {
		text := reporttest.JSONOf(t, r)
		if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s: not one line", name)
		}
		if err := schema.Validate(reporttest.Document(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := r.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// paths lists every key of every object in the document.
func paths(doc any, at string) (out []string) {
	switch doc := doc.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(doc)) {
			out = append(append(out, at+"/"+key), paths(doc[key], at+"/"+key)...)
		}
	case []any:
		for i, item := range doc {
			out = append(out, paths(item, fmt.Sprintf("%s/%d", at, i))...)
		}
	}
	return out
}

// The keys that the contract shows are there, at their places.
func TestContractKeys(t *testing.T) {
	have := map[string]bool{}
	for _, at := range paths(reporttest.Document(t, reporttest.JSONOf(t, reporttest.Full())), "") {
		have[at] = true
	}
	for at, keys := range map[string]string{
		"":                    "schema brunt name labels target plan started ended elapsed_s requests throughput latency_ms lateness_ms status errors names served_models client verdict slo slowest intervals changes command histograms state run_id",
		"/target":             "url endpoint addresses protocol tls",
		"/plan":               "rate_per_s concurrency duration_s stages warmup_s payloads order seed",
		"/plan/payloads/0":    "file lines bytes sha256",
		"/endpoint":           "name route_optimized entities metrics provisioned_concurrency",
		"/requests":           "planned sent not_sent not_sent_reasons succeeded failed cut_off warmup reconnected in_flight",
		"/throughput":         "offered_per_s sent_per_s succeeded_per_s bytes_in_per_s bytes_out_per_s",
		"/latency_ms":         "response service failed connect tls first_byte",
		"/latency_ms/connect": "count min mean stddev p50 p75 p90 p95 p99 p99_9 p99_99 max",
		"/lateness_ms":        "p50 p99 max",
		"/errors/0":           "kind status cause advice message request_id payload headers count first_s last_s",
		"/names/0":            "name requests latency_ms",
		"/served_models/0":    "name count p50 p99 latency_ms histograms",
		"/client":             "cores cpu_s cpu_per_request_us rss_peak_mb gc_pause_max_ms",
		"/verdict":            "headline notes valid limited_by trust error_ms reasons",
		"/slo/0":              "rule value met reason",
		"/slowest/0":          "at_s response_ms service_ms status payload request_id",
		"/intervals/0":        "t_s planned sent succeeded failed in_flight p50 p90 p99 max lateness_p99",
		"/histograms":         "response service failed first_byte connect tls lateness",
	} {
		for key := range strings.FieldsSeq(keys) {
			if !have[at+"/"+key] {
				t.Errorf("%s/%s is missing", at, key)
			}
		}
	}
}

// What is written, read and written again is the same text.
func TestJSONRoundTrip(t *testing.T) {
	for name, r := range reporttest.Scenes() {
		before := reporttest.JSONOf(t, r)
		if diff := cmp.Diff(before, reporttest.JSONOf(t, reporttest.ThroughJSON(t, r))); diff != "" {
			t.Errorf("%s (-before +after): %.2000s", name, diff)
		}
	}
}

// Keys that this version does not know do not matter, whatever they hold.
func TestReadIgnoresLaterKeys(t *testing.T) {
	text := reporttest.JSONOf(t, reporttest.Scenes()["healthy"])
	later := strings.Replace(text, `"requests":{`, `"ttft_ms":{"p99":[1,"x"]},"requests":{"retried":7,`, 1)
	r, err := report.Read(strings.NewReader(later), "later.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, reporttest.JSONOf(t, r)); diff != "" {
		t.Error(diff)
	}
}

func TestReadRefuses(t *testing.T) {
	good := reporttest.JSONOf(t, reporttest.Scenes()["healthy"])
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %s in the report", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":        {" \n", "empty"},
		"cut":          {good[:len(good)/2], "not JSON: unexpected end"},
		"gob":          {"\x01\xffgarbage", "not JSON"},
		"list":         {"[1]", "not a brunt report"},
		"null":         {"null", "not a brunt report"},
		"number":       {"17", "not a brunt report"},
		"other JSON":   {`{"status":200}`, `no "schema" in it`},
		"schema only":  {`{"schema":1}`, `no "brunt" in it`},
		"two":          {good + good, "one report per file"},
		"schema 2":     {swap(`"schema":1`, `"schema":2`), "reads schema 1"},
		"schema text":  {swap(`"schema":1`, `"schema":"1"`), "reads schema 1"},
		"comparison":   {`{"schema":1,"comparison":{}}`, "comparison"},
		"text for num": {swap(`"planned":5000`, `"planned":"5000"`), "requests.planned is string"},
		"negative":     {swap(`"planned":5000`, `"planned":-5000`), "requests.planned is number -5000"},
		"bad time":     {swap(`"started":"2026`, `"started":"x2026`), "cannot parse"},
		"bad hist":     {swap(`"response":"HIST`, `"response":"JIST`), "histogram cannot be decoded"},
		"edited count": {swap(`"planned":5000`, `"planned":5001`), "planned (5001) is not sent + not_sent (5000)"},
		"edited p99":   {swap(`"p99":37.`, `"p99":17.`), "latency_ms.response.p99 (17."},
	} {
		_, err := report.Read(strings.NewReader(c.text), "r.json")
		switch {
		case err == nil:
			t.Errorf("%s: was read", name)
		case !strings.HasPrefix(err.Error(), "r.json: ") || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		case strings.ContainsAny(err.Error(), "\n\x00\x01") || len(err.Error()) > 240:
			t.Errorf("%s: not one short line: %q", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	reporttest.Must(report.JSON(&b, reporttest.Scene{Seed: 1, Rate: 5, Slots: 2, N: 6, Median: 1e6}.Report()))
	f.Add(b.String())
	f.Add(`{"schema":1,"brunt":"","requests":null,"latency_ms":{},"histograms":{"response":null}}`)
	f.Fuzz(func(t *testing.T, written string) {
		r, err := report.Read(strings.NewReader(written), "f.json")
		if err != nil {
			return
		}
		reporttest.TextOf(t, r, text.Options{Width: 40})
		if again := reporttest.ThroughJSON(t, r); reporttest.JSONOf(t, again) != reporttest.JSONOf(t, r) {
			t.Error("written and read it is another report")
		}
		if _, err := merge.Reports([]*report.Report{r, r}); err != nil {
			t.Error(err)
		}
	})
}
