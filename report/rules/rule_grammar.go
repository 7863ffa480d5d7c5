package rules

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"brunt/attack/figure"
	"brunt/payloads/regex"
	"brunt/report"
)

// Rule is one service level objective: a figure, an operator and a limit.
//
//	[histogram.]pNN[.N…]  percentile, against a duration: p99<200ms
//	[histogram.]mean|max  against a duration: service.mean<50ms
//	failed                failed/(succeeded+failed) against a percentage, or
//	                      the count of failed against a whole number
//	completed_per_s, completed_ok_per_s, succeeded_per_s, sent_per_s,
//	offered_per_s, output_tokens_per_s, completed_output_tokens_per_s,
//	per_user_tokens_per_s, goodput_per_s
//	                      against a number, with or without /s
//
// where histogram is response (unless given), service, first_byte, failed,
// connect, tls or lateness, and of streams ttft, response_ttft, first_chunk,
// tpot, inter_chunk, end_to_end or first_visible.
type Rule struct {
	count    string        // failed, succeeded_per_s, …; empty for a figure of times
	times    figure.Figure // where there is no count
	named    bool          // the figure of times was written down
	stat     string        // of it: p, mean or max
	quantile report.Quantile
	operator string
	limit    float64 // in unit
	written  string  // the limit as it was written
	unit     report.Unit
}

var allowedFigures = "figures are pNN (p99.9), mean and max, of response or (service.p99) of " + strings.Join(
	timeFigures[1:],
	", ",
) +
	"; failed; and completed(_ok), succeeded, sent, offered, goodput, output_tokens, per_user_tokens with _per_s"

// timeFigures are the names of the figures of times; response is the one that is
// meant where none is written.
var timeFigures = func() (names []string) {
	for _, f := range figure.All() {
		names = append(names, f.String())
	}
	return names
}()

var countFigures = []string{
	"failed",
	"completed_per_s",
	"completed_ok_per_s",
	"completed_output_tokens_per_s",
	"succeeded_per_s",
	"sent_per_s",
	"offered_per_s",
	"output_tokens_per_s",
	"per_user_tokens_per_s",
	"goodput_per_s",
}

var number = regex.Lazy(`^[0-9]{1,15}(\.[0-9]{1,9})?$`)

// Parse reads a rule, such as "p99<200ms" or "failed <= 0.1%". Its error
// is one line that says what is allowed.
func Parse(s string) (Rule, error) {
	rule, err := parseRule(s)
	if err != nil {
		return Rule{}, fmt.Errorf("slo %s: %w", quoteShort(s), err)
	}
	return rule, nil
}

func parseRule(s string) (Rule, error) {
	at := strings.IndexAny(s, "<>=")
	if at < 0 {
		return Rule{}, errors.New("no comparison; write it as p99<200ms, failed<0.1% or succeeded_per_s>900")
	}
	end := at + 1
	for end < len(s) && strings.IndexByte("<>=", s[end]) >= 0 {
		end++
	}
	rule := Rule{operator: s[at:end]}
	if !slices.Contains([]string{"<", "<=", ">", ">="}, rule.operator) {
		return Rule{}, fmt.Errorf("operator %s is none of < <= > >=", quoteShort(rule.operator))
	}
	if err := rule.readFigure(strings.TrimSpace(s[:at])); err != nil {
		return Rule{}, err
	}
	if err := rule.readLimit(strings.TrimSpace(s[end:])); err != nil {
		return Rule{}, err
	}
	return rule, nil
}

func (r *Rule) readFigure(name string) error {
	if slices.Contains(countFigures, name) {
		r.count = name
		return nil
	}
	r.times = figure.Response
	stat := name
	if before, after, dotted := strings.Cut(name, "."); dotted {
		if f, known := figure.Parse(before); known {
			r.times, r.named, stat = f, true, after
		}
	}
	if stat == "mean" || stat == "max" {
		r.stat = stat
		return nil
	}
	digits, percentile := strings.CutPrefix(stat, "p")
	digits = strings.Replace(digits, "_", ".", 1) // p99_9, as JSON names it
	if !percentile || strings.Trim(digits, "0123456789.") != "" || digits == "" {
		return unknownFigure(name)
	}
	q, ok := report.ParseQuantile(digits)
	if !ok {
		return fmt.Errorf(
			"percentile %s is not above p0 and below p100 with at most 6 decimals; for the highest value write max",
			quoteShort(stat),
		)
	}
	r.stat, r.quantile = "p", q
	return nil
}

func unknownFigure(name string) error {
	if near := nearest(name); near != "" {
		return fmt.Errorf("unknown figure %s, did you mean %s? %s", quoteShort(name), near, allowedFigures)
	}
	return fmt.Errorf("unknown figure %s; %s", quoteShort(name), allowedFigures)
}

func (r *Rule) readLimit(s string) error {
	if s == "" {
		return fmt.Errorf("no limit after %s; %s", r.operator, r.example())
	}
	if parts := strings.Fields(s); len(parts) == 2 && strings.IndexByte(".0123456789", parts[1][0]) < 0 {
		s = parts[0] + parts[1] // 200 ms
	}
	value, unit, ok := r.limitOf(s)
	if !ok {
		return fmt.Errorf("limit %s does not fit; %s", quoteShort(s), r.example())
	}
	r.limit, r.unit, r.written = value, unit, s
	return nil
}

func (r *Rule) limitOf(s string) (float64, report.Unit, bool) {
	switch {
	case r.count == "":
		d, err := time.ParseDuration(s)
		return float64(d) / 1e6, report.UnitMS, err == nil && d >= 0 && s[0] != '-' && s[0] != '+' && s != "0"
	case r.count != "failed":
		value, ok := parseNumber(strings.TrimSuffix(s, "/s"))
		return value, report.UnitRate, ok
	case strings.HasSuffix(s, "%"):
		value, ok := parseNumber(strings.TrimSuffix(s, "%"))
		return value, report.UnitPercent, ok && value <= 100
	default:
		value, ok := parseNumber(s)
		return value, report.UnitCount, ok && !strings.Contains(s, ".")
	}
}

func parseNumber(s string) (float64, bool) {
	if !number().MatchString(s) {
		return 0, false
	}
	value, err := strconv.ParseFloat(s, 64)
	return value, err == nil
}

func (r *Rule) example() string {
	switch r.count {
	case "":
		return "a duration carries its unit, as in 200ms or 1.5s"
	case "failed":
		return "write a share as in 0.1% or a whole number of requests as in 10"
	default:
		return "write a number per second, as in 900"
	}
}

// Figure is the rule's left side, as it was written: service.p95.
func (r Rule) Figure() string {
	stat := r.stat
	switch {
	case r.count != "":
		return r.count
	case stat == "p":
		stat = r.quantile.String()
	}
	if r.named {
		return r.times.String() + "." + stat
	}
	return stat
}

// timed reports whether the rule is on a figure of times.
func (r *Rule) timed() bool { return r.count == "" }

// String is the rule without spaces; Parse reads it back.
func (r Rule) String() string { return r.Figure() + r.operator + r.written }

// quoteShort quotes what a person typed, on one line of bounded length.
func quoteShort(s string) string {
	q := strconv.QuoteToASCII(s)
	if len(q) > 80 {
		// Cut after quoting, which may make a byte four times as long.
		return q[:80] + "…"
	}
	return q
}

// nearest is the known figure that a name was most likely meant to be, empty
// when none is near.
func nearest(name string) string {
	if len(name) > 40 {
		return ""
	}
	prefix, stat := "", strings.ToLower(name)
	if before, after, dotted := strings.Cut(stat, "."); dotted {
		if slices.Contains(timeFigures, before) {
			prefix, stat = before+".", after
		}
	}
	known := []string{"mean", "max", "p50", "p90", "p95", "p99", "p99.9"}
	if prefix == "" {
		known = append(known, countFigures...)
		for _, h := range timeFigures {
			known = append(known, h+".p99", h+".p95", h+".mean", h+".max")
		}
	}
	best, least := "", 3
	for _, k := range known {
		if d := levenshtein.ComputeDistance(stat, k); d < least && d*2 < len(k)+1 {
			best, least = prefix+k, d
		}
	}
	return best
}

// Texts are the rules as ParseAll reads them; empty, and never nil, without any.
func Texts(list []Rule) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].String()
	}
	return out
}

// ParseAll reads several rules, one per word or with commas, semicolons or
// line ends between them; the first that is none is the error.
func ParseAll(words []string) (rules []Rule, err error) {
	for _, word := range strings.FieldsFunc(strings.Join(words, "\n"), func(r rune) bool { return strings.ContainsRune(",;\n\r", r) }) {
		if strings.TrimSpace(word) == "" {
			continue
		}
		rule, err := Parse(word)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, nil
}
