package stat

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/montanaflynn/stats"

	"brunt/payloads"
	"brunt/payloads/filetest"
	"brunt/payloads/shape"
)

// kindsOf describes one file and returns its kinds.
func kindsOf(t testing.TB, content string, o payloads.Options) []KindShare {
	t.Helper()
	got, err := Describe([]payloads.Spec{{Path: filetest.Write(t, "a.jsonl", content), Weight: 1}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return got[0].Kinds
}

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		body string
		want shape.Kind
	}{
		{`{"dataframe_split":{"columns":["a"],"data":[[1]]}}`, shape.DataframeSplit},
		{`{"dataframe_records":[{"a":1}]}`, shape.DataframeRecords},
		{`{"instances":[1]}`, shape.Instances},
		{`{"inputs":{"a":[1]}}`, shape.Inputs},
		{`{"messages":[]}`, shape.Messages},
		{`{"prompt":"x"}`, shape.Prompt},
		{`{"input":"x"}`, shape.Input},
		{`{"a":1}`, shape.OtherObject},
		{`{}`, shape.OtherObject},
		{` { } `, shape.OtherObject},
		{`{"a":{"messages":[]}}`, shape.OtherObject},
		{`{"a":["messages",{"inputs":1}],"b":"inputs"}`, shape.OtherObject},
		{`{"Inputs":[1]}`, shape.OtherObject},
		{`{"params":{"x":"}"},"inputs":[1]}`, shape.Inputs},
		{`{"mess\u0061ges":[]}`, shape.Messages},
		{`{"a\ud800":1,"input":""}`, shape.Input},
		{`{"input":"x","messages":[]}`, shape.Messages},
		{`{"messages":[],"input":"x"}`, shape.Messages},
		{` [{"dataframe_split":{}}]`, shape.Array},
		{`[]`, shape.Array},
		{`"messages"`, shape.OtherValue},
		{`1`, shape.OtherValue},
		{`null`, shape.OtherValue},
	} {
		for _, format := range []payloads.Format{payloads.BodyFormat, payloads.RequestFormat} {
			line := c.body
			if format == payloads.RequestFormat {
				line = `{"name":"inputs","body":` + c.body + `}`
			}
			got := kindsOf(t, line+"\n", payloads.Options{Format: format})
			if len(got) != 1 || got[0].Kind != c.want || got[0].Lines != 1 || got[0].Share != 1 ||
				(got[0].Streaming != nil) != (c.want == shape.Messages) {
				t.Errorf("%s: %+v, want %s", line, got, c.want)
			}
		}
	}
}

func TestKindShares(t *testing.T) {
	content := strings.Repeat(`{"messages":[],"stream":true}`+"\n", 3) + `{"stream":false,"messages":[]}` + "\n\n" +
		`{"messages":[],"stream":"true"}` + "\n" + `{"messages":[{"stream":true}]}` + "\n" +
		`{"stream":true,"inputs":[]}` + "\n" + strings.Repeat("[1]\n", 8) + `{"stream":true}`
	got := kindsOf(t, content, payloads.Options{})
	streaming := 3
	want := []KindShare{{shape.Array, 8, 0.5, nil}, {shape.Messages, 6, 0.375, &streaming}, {shape.Inputs, 1, 0.0625,
		nil}, {shape.OtherObject, 1, 0.0625, nil}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Sizes from counts are those of the full list, sorted.
func TestSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 150 {
		var content strings.Builder
		var sizes []int
		var values stats.Float64Data
		for range n + 1 {
			size := 2 + rng.IntN(60)
			content.WriteString(`"` + strings.Repeat("x", size-2) + "\"\r\n")
			sizes = append(sizes, size)
			values = append(values, float64(size))
		}
		got, err := Describe([]payloads.Spec{{Path: filetest.Write(t, "a.jsonl", content.String()), Weight: 1}},
			payloads.Options{})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(sizes)
		rank := func(percent int) int { return sizes[(len(sizes)*percent+99)/100-1] }
		mean, _ := stats.Mean(values)
		want := Sizes{Min: sizes[0], Mean: got[0].BodyBytes.Mean, P50: rank(50), P90: rank(90), P99: rank(99),
			Max: sizes[len(sizes)-1]}
		if diff := cmp.Diff(want, got[0].BodyBytes); diff != "" {
			t.Errorf("of %d: %s", len(sizes), diff)
		}
		if d := mean - got[0].BodyBytes.Mean; d > 1e-9 || d < -1e-9 {
			t.Errorf("mean %v, want %v", got[0].BodyBytes.Mean, mean)
		}
	}
}

func TestDescribeFiles(t *testing.T) {
	doc := "{\n \"instances\": [1]\n}"
	a, b := filetest.Write(t, "a.jsonl.gz", filetest.Gzip(t, "\xEF\xBB\xBF[1]\n\n[22]\n")), filetest.Write(t, "b.json", "\n"+doc+"\n")
	got, err := Describe([]payloads.Spec{{Path: a, Weight: 3}, {Path: b, Weight: 1}, {Path: "-", Weight: 1}},
		payloads.Options{Stdin: strings.NewReader("1\n")})
	if err != nil {
		t.Fatal(err)
	}
	want := []File{
		{a, 2, 13, sha("\xEF\xBB\xBF[1]\n\n[22]\n"), Sizes{3, 3.5, 3, 4, 4, 4}, []KindShare{{shape.Array, 2, 1, nil}}},
		{b, 1, 23, sha("\n" + doc + "\n"), Sizes{21, 21, 21, 21, 21, 21}, []KindShare{{shape.Instances, 1, 1, nil}}},
		{"-", 1, 2, sha("1\n"), Sizes{1, 1, 1, 1, 1, 1}, []KindShare{{shape.OtherValue, 1, 1, nil}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	text, err := json.Marshal(got[1])
	if err != nil {
		t.Fatal(err)
	}
	wantJSON := `,"lines":1,"bytes":23,"sha256":"` + got[1].SHA256 + `","body_bytes":{"min":21,"mean":21,"p50":21,"p90":21,"p99":21,"max":21},"kinds":[{"kind":"instances","lines":1,"share":1,"streaming":null}]}`
	if !strings.HasPrefix(string(text), `{"file":`) || !strings.HasSuffix(string(text), wantJSON) {
		t.Errorf("%s", text)
	}
}

func TestDescribeErrors(t *testing.T) {
	bad := filetest.Write(t, "a.jsonl", "1\n{\n2\n[\n")
	_, err := Describe([]payloads.Spec{{Path: bad, Weight: 1}}, payloads.Options{})
	if want := bad + ":2: not JSON: unexpected end; each line must be one JSON value (1 more: " +
		"brunt payloads check lists them)"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := Describe(nil, payloads.Options{}); err == nil {
		t.Error("no files, no error")
	}
	if _, err := Describe([]payloads.Spec{{Path: bad, Weight: 1}}, payloads.Options{Format: "x"}); err == nil {
		t.Error("an unknown format, no error")
	}
}

func TestWriteText(t *testing.T) {
	streaming := 1_200
	for _, c := range []struct {
		stat File
		want string
	}{
		{File{"a.jsonl", 1_000_000, 1_234_567_890, "ab12", Sizes{17, 1233.5, 900, 2048, 70_000, 1_048_576}, []KindShare{
			{shape.DataframeRecords, 988_765, 0.988765, nil}, {shape.Messages, 11_234, 0.011234, &streaming},
			{shape.OtherValue, 1, 0.000001, nil}}}, `
a.jsonl: 1,000,000 bodies, 1,234,567,890 bytes
sha256 ab12

            min   mean  p50    p90     p99        max
body bytes   17  1,234  900  2,048  70,000  1,048,576

dataframe_records  988,765    98.9 %
messages            11,234     1.1 %, 1,200 of them with stream true
other value              1   < 0.1 %
`},
		{File{"-", 1, 1, "ab12", Sizes{1, 1, 1, 1, 1, 1}, []KindShare{{shape.OtherValue, 1, 1, nil}}}, `
standard input: 1 body, 1 byte
sha256 ab12

            min  mean  p50  p90  p99  max
body bytes    1     1    1    1    1    1

other value        1   100.0 %
`},
		{File{"a\n\x1b[2J", 2, 2, "ab12", Sizes{}, []KindShare{{shape.Array, 1, 0.9996, nil}}}, `
"a\n\x1b[2J": 2 bodies, 2 bytes
sha256 ab12

            min  mean  p50  p90  p99  max
body bytes    0     0    0    0    0    0

array              1  > 99.9 %
`},
	} {
		var b strings.Builder
		if err := c.stat.WriteText(&b); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(c.want[1:], b.String()); diff != "" {
			t.Error(diff)
		}
	}
	if err := (File{}).WriteText(fullDisk{}); err == nil {
		t.Error("a failed write, no error")
	}
}

func sha(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
