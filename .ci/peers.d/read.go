package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// counted is what the scripts of wrk, Locust and aiohttp write.
type counted struct {
	Requests uint64  `json:"requests"`
	Failed   uint64  `json:"failed"` // part of requests
	Broken   uint64  `json:"broken"` // beside requests
	Seconds  float64 `json:"seconds"`
	Warmup   uint64  `json:"warmup"`
	Startup  float64 `json:"startup_cpu_s"`
	Tokens   uint64  `json:"tokens"`
}

func (c *counted) tally() tally {
	return tally{requests: c.Requests + c.Broken, failed: c.Failed + c.Broken, seconds: c.Seconds,
		warmup: c.Warmup, startupCPU: c.Startup, tokens: c.Tokens}
}

func readWrk(_ *load, out []byte) (tally, error) {
	_, line, found := bytes.Cut(out, []byte("PEERS "))
	if !found {
		return tally{}, errors.New("wrk printed no counts")
	}
	var c counted
	err := json.NewDecoder(bytes.NewReader(line)).Decode(&c)
	return c.tally(), err
}

// readScript reads the file that a script has written.
func readScript(l *load, _ []byte) (tally, error) {
	text, err := os.ReadFile(l.file("out.json"))
	if err != nil {
		return tally{}, err
	}
	var c counted
	err = json.Unmarshal(text, &c)
	return c.tally(), err
}

func readBombardier(_ *load, out []byte) (tally, error) {
	var report struct {
		Result struct {
			Seconds float64 `json:"timeTakenSeconds"`
			Good    uint64  `json:"req2xx"`
			R1      uint64  `json:"req1xx"`
			R3      uint64  `json:"req3xx"`
			R4      uint64  `json:"req4xx"`
			R5      uint64  `json:"req5xx"`
			Others  uint64  `json:"others"`
		} `json:"result"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return tally{}, err
	}
	r := report.Result
	failed := r.R1 + r.R3 + r.R4 + r.R5 + r.Others
	return tally{requests: r.Good + failed, failed: failed, seconds: r.Seconds}, nil
}

var (
	heyStatus = regexp.MustCompile(`(?m)^\s*\[(\d+)\]\s+(\d+) responses$`)
	heyErrors = regexp.MustCompile(`(?m)^\s*\[(\d+)\]\s+[^\d\s].*$`)
	heyTotal  = regexp.MustCompile(`Total:\s+([\d.]+) secs`)
)

func readHey(_ *load, out []byte) (tally, error) {
	var t tally
	for _, m := range heyStatus.FindAllSubmatch(out, -1) {
		n := number(m[2])
		t.requests += n
		if m[1][0] != '2' {
			t.failed += n
		}
	}
	if _, list, found := bytes.Cut(out, []byte("Error distribution:")); found {
		for _, m := range heyErrors.FindAllSubmatch(list, -1) {
			t.requests += number(m[1])
			t.failed += number(m[1])
		}
	}
	seconds, err := field(heyTotal, out)
	t.seconds = seconds
	return t, err
}

var (
	abComplete = regexp.MustCompile(`Complete requests:\s+(\d+)`)
	abFailed   = regexp.MustCompile(`Failed requests:\s+(\d+)`)
	abNon2xx   = regexp.MustCompile(`Non-2xx responses:\s+(\d+)`)
	abSeconds  = regexp.MustCompile(`Time taken for tests:\s+([\d.]+)`)
)

func readAB(_ *load, out []byte) (tally, error) {
	complete, err1 := field(abComplete, out)
	failed, err2 := field(abFailed, out)
	seconds, err3 := field(abSeconds, out)
	other, _ := field(abNon2xx, out) // printed only when there are some
	return tally{
			requests: uint64(complete),
			failed:   uint64(failed + other),
			seconds:  seconds,
		}, errors.Join(
			err1,
			err2,
			err3,
		)
}

// readVegeta reads the results file with vegeta itself.
func readVegeta(l *load, _ []byte) (tally, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, vegetaPath, "encode", "-to", "csv", l.file("results.bin"))
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return tally{}, err
	}
	if err := cmd.Start(); err != nil {
		return tally{}, err
	}
	t, err := tallyVegeta(pipe, l.rate)
	_, _ = io.Copy(io.Discard, pipe)
	return t, errors.Join(err, cmd.Wait())
}

// tallyVegeta counts vegeta's CSV: instant sent (ns), status, latency (ns), …,
// number of the request in the ninth field. The lateness of request i is its
// instant less that of the first plus i/rate, none if before.
func tallyVegeta(r io.Reader, rate int) (tally, error) {
	type hit struct{ seq, sent int64 }
	var (
		t    tally
		hits []hit
		end  int64
	)
	for lines := csv.NewReader(r); ; {
		record, err := lines.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return t, err
		}
		if len(record) < 9 {
			return t, fmt.Errorf("vegeta's CSV has %d fields", len(record))
		}
		t.requests++
		if record[1][0] != '2' {
			t.failed++
		}
		h := hit{int64(number([]byte(record[8]))), int64(number([]byte(record[0])))}
		end = max(end, h.sent+int64(number([]byte(record[2]))))
		hits = append(hits, h)
	}
	if len(hits) == 0 {
		return t, errors.New("vegeta wrote no results")
	}
	slices.SortFunc(hits, func(a, b hit) int { return int(a.seq - b.seq) })
	first := hits[0]
	t.seconds = float64(end-first.sent) / 1e9
	if rate == 0 {
		return t, nil
	}
	late := make([]float64, len(hits))
	for i, h := range hits {
		planned := first.sent + (h.seq-first.seq)*int64(time.Second)/int64(rate)
		late[i] = max(0, float64(h.sent-planned)/1e6)
	}
	slices.Sort(late)
	t.lateness = &lateness{quantile(late, 0.5), quantile(late, 0.99), late[len(late)-1]}
	return t, nil
}

// quantile is that of sorted values, by nearest rank.
func quantile(sorted []float64, q float64) float64 {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func field(pattern *regexp.Regexp, text []byte) (float64, error) {
	m := pattern.FindSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("nothing like %q in the output", pattern)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

// number reads digits that a pattern has found.
func number(digits []byte) uint64 {
	n, _ := strconv.ParseUint(string(digits), 10, 64)
	return n
}
