package live

import (
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/plan"
)

// What is repeated is the run that the page asked for, without the page.
func TestRepeat(t *testing.T) {
	given := Settings{Rate: vegeta.Rate{Freq: 50, Per: time.Second}, Duration: time.Minute, Timeout: time.Minute, Payloads: []string{"a.jsonl", "b.jsonl"}, Target: "mock://"}
	for _, row := range []struct {
		words  string
		change func(*Settings)
		want   string
	}{
		{"attack mock:// -r 50 -d 1m -p a.jsonl -pb.jsonl:3 --serve --open", func(*Settings) {}, "attack mock:// -r 50 -d 1m -p a.jsonl -p b.jsonl:3"},
		{"attack -r50 -d1m mock:// -p a.jsonl --payloads=b.jsonl --serve=:80 --wait --serve-token secret", func(o *Settings) {
			o.Rate, o.Concurrency, o.Payloads = vegeta.Rate{}, 7, []string{"b.jsonl"}
		}, "attack -d1m mock:// --payloads b.jsonl --concurrency 7"},
		{"attack mock:// --rate=50 -d 1m -H x:y --serve --wait", func(o *Settings) {
			o.Rate, o.Requests, o.Duration = vegeta.Rate{Freq: 25, Per: 10 * time.Second}, 9, 0
			o.Warmup, o.Timeout, o.Target = time.Second, 1500*time.Millisecond, "http://else/"
		}, "attack http://else/ -H x:y --rate 2.5 --requests 9 --warmup 1s --timeout 1.5s"},
		{"attack mock:// -r 50 --warmup 5s -d 1m -p a.jsonl -p b.jsonl --serve", func(o *Settings) { o.Warmup, o.WarmupAuto = 2*time.Minute, true },
			"attack mock:// -r 50 -d 1m -p a.jsonl -p b.jsonl --warmup auto"},
		{"attack mock:// -r 50 -d 1m --timeout 1m --serve", func(o *Settings) {
			o.Stages = []plan.Stage{{Length: 8 * time.Second, Rate: o.Rate, ToRate: o.Rate}, {Length: 52 * time.Second, Rate: vegeta.Rate{Freq: 90, Per: time.Minute}, ToRate: vegeta.Rate{Freq: 90, Per: time.Minute}}}
		}, "attack mock:// --timeout 1m --stages 8s@50, 52s@1.5"},
	} {
		o := given
		row.change(&o)
		if got := strings.Join(o.Repeat(&given, strings.Fields(row.words)), " "); got != row.want {
			t.Errorf("%s: %s, want %s", row.words, got, row.want)
		}
	}
}
