package live

import (
	"bytes"
	"testing"

	"brunt/report/reporttest"
)

// TestNoHistogramsForThePage: what each page is sent each second has the summaries
// of streams, and no histogram of anything.
func TestNoHistogramsForThePage(t *testing.T) {
	text := wholeRun(reporttest.Streamed(), 0)
	if !bytes.Contains(text, []byte(`"ttft_ms":{"count":`)) {
		t.Errorf("no summary of ttft in %.2000s", text)
	}
	if bytes.Contains(text, []byte("HISTF")) {
		t.Errorf("a histogram in %.2000s", text)
	}
}
