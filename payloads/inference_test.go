package payloads

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"brunt/payloads/filetest"
	"brunt/payloads/inference"
	"brunt/payloads/jsonscan"
)

// inferenceBodies are requests as tables have them: as they were sent.
var inferenceBodies = []string{
	`{"messages": [{"role":"user", "content":"say \"hi\"\nthen zażółć 🚀"}], "max_tokens":5}`,
	`{"dataframe_split":{"columns":["a","b"],"data":[[1,2.50],[null,"x"]]}}`,
	"{\n  \"prompt\": \"pretty\"\r\n}",
}

// inferenceRowsOf writes the bodies as JSON lines of a table, or as CSV.
func inferenceRowsOf(t testing.TB, asCSV bool) string {
	t.Helper()
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if asCSV {
		w.Write([]string{"databricks_request_id", "timestamp_ms", "status_code", "request", "response",
			"served_entity_name"})
	}
	for i, body := range inferenceBodies {
		at := 1_700_000_000_000 + 250*i
		entity := []string{"blue", "green"}[i%2]
		if asCSV {
			w.Write([]string{fmt.Sprint("id", i), fmt.Sprint(at), "200", body, `{"choices":[]}`, entity})
			continue
		}
		row, _ := json.Marshal(map[string]any{"databricks_request_id": fmt.Sprint("id", i), "timestamp_ms": at,
			"request": body, "response": "{}", "served_entity_name": entity})
		out.Write(append(row, '\n'))
	}
	w.Flush()
	return out.String()
}

// TestInference sends the column request byte for byte, but for line ends
// between the parts of a value; names and times are those of the rows.
func TestInference(t *testing.T) {
	want := append([]string{}, inferenceBodies...)
	want[2] = "{   \"prompt\": \"pretty\"  }"
	for name, content := range map[string]string{"t.jsonl": inferenceRowsOf(t, false), "t.csv": inferenceRowsOf(t,
		true)} {
		for _, format := range []Format{InferenceFormat, AutoFormat} {
			path := filetest.Write(t, name, content)
			s := mustOpen(t, Options{Format: format}, Spec{path, 1})
			if diff := cmp.Diff(want, sent(s, 3)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			for i, entity := range []string{"blue", "green", "blue"} {
				if got := s.Variants()[s.At(uint64(i)).Variant].Name; got != entity {
					t.Errorf("%s: %s, not %s", name, got, entity)
				}
			}
			file := s.Files()[0]
			if file.Lines != 3 || file.Bytes != int64(len(content)) || file.SHA256 != digest([]byte(content)) {
				t.Errorf("%+v", file)
			}
			wantTimes := []int64{1_700_000_000_000e6, 1_700_000_000_250e6, 1_700_000_000_500e6}
			if diff := cmp.Diff(wantTimes, s.sources[0].times); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			lines := []int{1, 2, 3}
			if name == "t.csv" {
				lines = []int{2, 3, 4}
			}
			for i, line := range lines {
				if got := s.Where(uint64(i)); got != fmt.Sprintf("%s:%d", path, line) {
					t.Error(got)
				}
			}
		}
	}
}

// TestInferencePlaces: rows keep their line numbers, however many lines a
// field has, and the nonce of --unique finds its place.
func TestInferencePlaces(t *testing.T) {
	content := "\xEF\xBB\xBFrequest_time,request\n\n2025-01-02 " +
		"03:04:05.5,\"{\"\"prompt\"\":\n\n\"\"a\"\"}\"\n2025-01-02T03:04:06Z,\"{\"\"prompt\"\":\"\"b\"\"}\"\n"
	path := filetest.Write(t, "t.csv", content)
	s := mustOpen(t, Options{Format: AutoFormat, Unique: true}, Spec{path, 1})
	if s.Where(0) != path+":3" || s.Where(1) != path+":6" {
		t.Error(s.Where(0), s.Where(1))
	}
	if got := splicedBody(t, s.At(1).Body, s.Splices(1), "r-1"); got != `{"prompt":"r-1 b"}` {
		t.Error(got)
	}
	if d := s.sources[0].times[1] - s.sources[0].times[0]; d != int64(500*time.Millisecond) {
		t.Error(d)
	}
}

// TestInferenceAsBodies: asked for, the rows of a table are sent as they stand.
func TestInferenceAsBodies(t *testing.T) {
	line := `{"request":"{}","timestamp_ms":7}`
	if s := mustOpen(t, Options{Format: BodyFormat}, Spec{filetest.Write(t, "a.jsonl", line), 1}); string(s.At(0).Body) != line {
		t.Errorf("%s", s.At(0).Body)
	}
}

func TestInferenceFromStreams(t *testing.T) {
	for _, asCSV := range []bool{false, true} {
		content := inferenceRowsOf(t, asCSV)
		for _, format := range []Format{InferenceFormat, AutoFormat} {
			for _, mark := range []string{"", jsonscan.ByteOrderMark} {
				s := mustOpen(t, Options{Format: format, Stdin: strings.NewReader(mark + content)}, Spec{"-", 1})
				if got := string(s.At(0).Body); got != inferenceBodies[0] || s.Where(1) == "" {
					t.Error(got)
				}
			}
		}
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write([]byte(inferenceRowsOf(t, true)))
	w.Close()
	s := mustOpen(t, Options{Format: AutoFormat}, Spec{filetest.Write(t, "t.csv.gz", packed.String()), 1})
	if got := string(s.At(1).Body); got != inferenceBodies[1] {
		t.Error(got)
	}
}

// TestInferenceRows: a request as JSON within the JSON; the served entity's id
// where it has no name.
func TestInferenceRows(t *testing.T) {
	path := filetest.Write(t, "t.jsonl", `{"served_entity_id":"e1","request":{"prompt":"a"},"timestamp_ms":1}`+"\n"+`{"request":"7"}`)
	s := mustOpen(t, Options{Format: InferenceFormat}, Spec{path, 1})
	if got := sent(s, 2); got[0] != `{"prompt":"a"}` || got[1] != "7" ||
		s.Variants()[s.At(0).Variant].Name != "e1" || s.sources[0].times[1] != inference.NoTime {
		t.Errorf("%v %v", got, s.sources[0].times)
	}
}

func TestInferenceFaults(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"t.jsonl", "", ": empty"},
		{"t.jsonl", "\n\n", ": no rows"},
		{"t.jsonl", `{"request":"{}"}` + "\n" + `{"request":null,"timestamp_ms":1}`, ":2: no request in the row"},
		{"t.jsonl", `{"request":"{}"}` + "\n" + `{"timestamp_ms":1}`, ":2: no request in the row"},
		{"t.jsonl", "\n" + `{"request":"{\"a\":"}`, ":2: request: not JSON: unexpected end"},
		{"t.jsonl", `{"request":"{}"}` + "\n7\n", ":2: not a row"},
		{"t.jsonl", `{"request":"{}"}` + "\n{\n", ":2: not JSON"},
		{"t.jsonl", `{"request":"{}","served_entity_name":"a\nb"}`, ":1: name"},
		{"t.csv", "a,b\n1,2\n", ":1: no column request"},
		{"t.csv", "request,timestamp_ms\n{},1\n,2\n", ":3: no request in the row"},
		{"t.csv", "request,timestamp_ms\n{},1\n{}\n", ":3: 1 field"},
		{"t.csv", "request,timestamp_ms\n", ": no rows"},
		{"t.csv", "PAR1\x00", ": a Parquet file"},
	} {
		path := filetest.Write(t, c.name, c.content)
		s, err := Open([]Spec{{path, 1}}, Options{Format: InferenceFormat})
		if err == nil || !strings.HasPrefix(err.Error(), path+c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %q: %v, %v", c.name, c.content, s, err)
		}
	}
	path := filetest.Write(t, "t.jsonl", `{"request":null}`+"\n"+`{"request":"{}"}`+"\n"+`{"request":"{"}`+"\n")
	files, problems, more, err := Check([]Spec{{path, 1}}, Options{Format: InferenceFormat}, 10)
	if err != nil || more != 0 || len(problems) != 2 || len(files) != 1 || files[0].Lines != 1 {
		t.Errorf("%v %v %d %v", files, problems, more, err)
	}
}

// FuzzInference: whatever the file, there are problems in one line each, or as
// many bodies as rows, all of them sound, and all of them requests.
func FuzzInference(f *testing.F) {
	f.Add([]byte(inferenceRowsOf(f, false)), false)
	f.Add([]byte(inferenceRowsOf(f, true)), true)
	f.Add([]byte("request,timestamp_ms\n\"{\n}\",1\n"), true)
	f.Add([]byte(`{"request":"{\"a\":\"\\n\"}"}`), false)
	f.Add([]byte(`{"request":"\ud800"}`), false)
	f.Fuzz(func(t *testing.T, content []byte, asCSV bool) {
		if asCSV == (jsonscan.IsAt(content, jsonscan.SkipSpace(content, 0), '{')) {
			return
		}
		s, err := Open([]Spec{{"-", 1}}, Options{Format: InferenceFormat, Stdin: bytes.NewReader(content)})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("%q", err)
			}
			return
		}
		defer s.Close()
		src := s.sources[0]
		if len(src.times) != len(src.spans) {
			t.Fatalf("%d times of %d bodies", len(src.times), len(src.spans))
		}
		for i := range src.spans {
			body := s.At(uint64(i)).Body
			if !jsonscan.Valid(body) {
				t.Fatalf("%q", body)
			}
			n, err := src.lineNumber(uint64(i))
			if err != nil || n < 1 || n > 1+bytes.Count(content, newline) {
				t.Fatalf("line %d of %d: %v", n, 1+bytes.Count(content, newline), err)
			}
		}
	})
}
