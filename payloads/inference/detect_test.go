package inference

import "testing"

// TestDetect: only what has both request and a column beside it is taken for an
// inference table.
func TestDetect(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          bool
	}{
		{"a.jsonl", `{"request":"{}","request_time":"2025-01-02T03:04:05Z"}`, true},
		{"a.jsonl", "\n " + `{"execution_time_ms":7,"request":"{}"}` + "\n", true},
		{"a.jsonl", `{"request":"{}"}`, false},
		{"a.jsonl", `{"request":{"a":1},"timestamp_ms":7}`, false},
		{"a.jsonl", `{"timestamp_ms":7}`, false},
		{"a.jsonl", `[{"request":"{}","timestamp_ms":7}]`, false},
		{"a.jsonl", `{"request":"{}","timestamp_ms":7`, false},
		{"a.csv", "a,\"request\",timestamp_ms\n", true},
		{"a.csv.gz", "request,timestamp_ms\n", true},
		{"a.csv", "request,b\n", false},
		{"a.csv", "", false},
		{"-", `{"request":"{}","timestamp_ms":7}`, true},
		{"a.jsonl", `{"request":null,"timestamp_ms":7}`, true},
		{"a.jsonl", `{"databricks_request_id":"a","timestamp_ms":7}`, true},
		{"a.jsonl", `{"status_code":200,"timestamp_ms":7}`, false},
		{"-", "request,timestamp_ms\n", true},
		{"-", "\xEF\xBB\xBFrequest,timestamp_ms\n", true},
		{"-", "7\n", false},
	} {
		if got := Detect(c.name, []byte(c.content)); got != c.want {
			t.Errorf("%s %q: %v", c.name, c.content, got)
		}
	}
}
