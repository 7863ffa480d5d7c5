package payloads_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"brunt/payloads"
	"brunt/payloads/generate"
	"brunt/payloads/shape"
	"brunt/payloads/stat"
)

// BenchmarkGigabyte measures what indexing 1 GB costs in time and memory:
// go test -run ^$ -bench BenchmarkGigabyte -benchtime 1x ./payloads
func BenchmarkGigabyte(b *testing.B) {
	for _, kind := range []string{"text", "numbers"} {
		for _, size := range []int{1000, 100} {
			for _, format := range []payloads.Format{payloads.BodyFormat, payloads.RequestFormat} {
				b.Run(fmt.Sprintf("%s/%d/%s", kind, size, format), func(b *testing.B) {
					measureOpen(b, writeGigabyte(b, kind, size, format), format)
				})
			}
		}
	}
}

func writeGigabyte(b *testing.B, kind string, size int, format payloads.Format) string {
	path := filepath.Join(b.TempDir(), "big.jsonl")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	defer w.Flush()
	rng := rand.New(rand.NewPCG(1, 2))
	lines := make([]string, 1000)
	for i := range lines {
		lines[i] = sampleBody(rng, kind, size-1)
		if format == payloads.RequestFormat {
			lines[i] = `{"name":"n","body":` + lines[i] + `}`
		}
	}
	for n := 0; n < 1<<30; {
		line := lines[rng.IntN(len(lines))]
		w.WriteString(line)
		w.WriteByte('\n')
		n += len(line) + 1
	}
	return path
}

func sampleBody(rng *rand.Rand, kind string, size int) string {
	var b strings.Builder
	if kind == "numbers" {
		b.WriteString(`{"inputs":[0`)
		for b.Len() < size-10 {
			fmt.Fprintf(&b, ",%.4f", rng.NormFloat64())
		}
		b.WriteString("]}")
		return b.String()
	}
	words := strings.Fields("the quick brown fox jumps over a lazy dog while models serve requests")
	b.WriteString(`{"messages":[{"role":"user","content":"`)
	for b.Len() < size-25 {
		b.WriteString(words[rng.IntN(len(words))] + " ")
	}
	fmt.Fprintf(&b, `"}],"max_tokens":%d}`, 100+rng.IntN(900))
	return b.String()
}

func measureOpen(b *testing.B, path string, format payloads.Format) {
	for range 3 {
		debug.FreeOSMemory() // so that what an earlier round left does not count
		started := time.Now()
		s, err := payloads.Open([]payloads.Spec{{Path: path, Weight: 1}}, payloads.Options{Format: format})
		took := time.Since(started)
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%d bodies, %v, %s", s.Files()[0].Lines, took, memory("RssAnon"))
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMakeGigabyte measures Make on CSV likewise. Peak memory is that of the
// whole process, so it is to be run alone:
// go test -run ^$ -bench MakeGigabyte -benchtime 1x ./payloads
func BenchmarkMakeGigabyte(b *testing.B) {
	path := writeGigabyteCSV(b)
	for _, format := range []shape.Kind{shape.DataframeRecords, shape.DataframeSplit, shape.Instances, shape.Inputs} {
		for _, rows := range []int{1, 100} {
			started := time.Now()
			n, err := generate.Bodies(io.Discard, generate.Options{Path: path, Header: true, Format: format,
				RowsPerRequest: rows})
			if err != nil {
				b.Fatal(err)
			}
			b.Logf("%s, %d rows: %d bodies, %v, %s", format, rows, n, time.Since(started), memory("VmHWM"))
		}
	}
}

// BenchmarkDescribeGigabyte does so for Describe, on ten million bodies.
func BenchmarkDescribeGigabyte(b *testing.B) {
	path := writeGigabyte(b, "numbers", 100, payloads.BodyFormat)
	started := time.Now()
	got, err := stat.Describe([]payloads.Spec{{Path: path, Weight: 1}}, payloads.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d bodies, %v, %s", got[0].Lines, time.Since(started), memory("RssAnon"))
}

func writeGigabyteCSV(b *testing.B) string {
	path := filepath.Join(b.TempDir(), "big.csv")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	defer w.Flush()
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([]string, 1000)
	for i := range rows {
		rows[i] = fmt.Sprintf("%d,2024-03-%02d,%.6f,%.3f,%t,\"%s\",%d\n", rng.Int64(), 1+i%28, rng.NormFloat64(),
			100*rng.Float64(), i%2 == 0,
			strings.Repeat("some text, with \"\"quotes\"\" ", i%5), i)
	}
	w.WriteString("id,day,x,y,ok,text,n\n")
	for n := 0; n < 1<<30; {
		row := rows[rng.IntN(len(rows))]
		w.WriteString(row)
		n += len(row)
	}
	return path
}

// memory returns a line of this process's status.
func memory(key string) string {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, key) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
