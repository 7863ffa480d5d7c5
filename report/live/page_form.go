package live

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/plan"
	"brunt/payloads/setting"
	"brunt/report/format"
	"brunt/report/rules"
	"brunt/report/words"
)

// FieldError is what is wrong with one field of a form, by its key in JSON.
type FieldError struct {
	Field string
	Err   error
}

// Error implements error.
func (e *FieldError) Error() string { return e.Err.Error() }

// Unwrap gives the field's own error.
func (e *FieldError) Unwrap() error { return e.Err }

func fieldError(field, format string, args ...any) error {
	return &FieldError{field, fmt.Errorf(format, args...)}
}

// fields are the members of a JSON object, not yet read.
type fields map[string]json.RawMessage

// readFields reads a body that may hold these keys and no others. No body means an
// empty object.
func readFields(body []byte, known ...string) (fields, error) {
	f := fields{}
	if body = bytes.TrimSpace(body); len(body) == 0 {
		return f, nil
	}
	if err := json.Unmarshal(body, &f); err != nil || f == nil {
		return nil, errors.New("body: expected one JSON object")
	}
	for _, key := range slices.Sorted(maps.Keys(f)) {
		if !slices.Contains(known, key) {
			return nil, fieldError(key, "%.40q is not known here; expected %s", key, strings.Join(known, ", "))
		}
	}
	return f, nil
}

func (f fields) has(key string) bool { _, ok := f[key]; return ok }

// word is a key's value where that is text, as it is typed; empty text is null.
func (f fields) word(key string) (text string, is bool) {
	raw := f[key]
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
		return "", false
	}
	if text = strings.TrimSpace(text); text == "" {
		f[key] = json.RawMessage("null")
		return "", false
	}
	return text, true
}

// number reads a key into to, which keeps its value where the key is left out
// and becomes 0 where it is null.
func (f fields) number(key string, to *float64) error {
	text, typed := f.word(key)
	raw, ok := f[key]
	if !ok {
		return nil
	}
	if typed {
		raw = json.RawMessage(text)
	}
	var value *float64
	if err := json.Unmarshal(raw, &value); err != nil {
		return fieldError(key, "expected a number, got %.40s", raw)
	}
	*to = 0
	if value == nil {
		return nil
	}
	if *value <= 0 {
		return fieldError(key, "must be above 0")
	}
	*to = *value
	return nil
}

func (f fields) rate(to *vegeta.Rate) error {
	if text, typed := f.word("rate_per_s"); typed {
		rate, err := plan.ParseRate(text)
		if err != nil {
			return &FieldError{"rate_per_s", errors.New(pageText(err))}
		}
		*to = rate
		return nil
	}
	value := plan.PerSecond(*to)
	if err := f.number("rate_per_s", &value); err != nil || !f.has("rate_per_s") {
		return err
	}
	*to = vegeta.Rate{}
	if value == 0 {
		return nil
	}
	rate, err := plan.ParseRate(strconv.FormatFloat(value, 'f', -1, 64))
	if err != nil {
		return &FieldError{"rate_per_s", errors.New(pageText(err))}
	}
	*to = rate
	return nil
}

// maxWhole is the largest whole number that JSON readers agree on.
const maxWhole = 1<<53 - 1

func (f fields) whole(key string, most float64) (uint64, error) {
	var value float64
	if err := f.number(key, &value); err != nil {
		return 0, err
	}
	if value != math.Trunc(value) || value > most {
		return 0, fieldError(key, "must be a whole number from 1 to %s", format.Count(uint64(most)))
	}
	return uint64(value), nil
}

func (f fields) concurrency(to *int) error {
	if !f.has("concurrency") {
		return nil
	}
	n, err := f.whole("concurrency", plan.MaxConcurrency)
	*to = int(n)
	return err
}

var errTooLong = errors.New("must be at most ten years")

// maxSpan bounds durations to what nobody waits for.
const maxSpan = 10 * 365 * 24 * time.Hour

func (f fields) duration(key string, to *time.Duration) error {
	if !f.has(key) {
		return nil
	}
	if text, typed := f.word(key); typed {
		length, err := plan.ParseDuration(text)
		if err == nil && length > maxSpan {
			err = errTooLong
		}
		if err != nil {
			return &FieldError{key, err}
		}
		*to = length
		return nil
	}
	if string(f[key]) == "0" {
		*to = 0 // no warm-up
		return nil
	}
	var value float64
	if err := f.number(key, &value); err != nil {
		return err
	}
	if value > maxSpan.Seconds() {
		return &FieldError{key, errTooLong}
	}
	*to = time.Duration(math.Round(value * 1e9))
	if value > 0 && *to == 0 {
		return fieldError(key, "must be 0 or at least a billionth of a second")
	}
	return nil
}

// warmup reads the warm-up's length, or that it is to last until latency has settled.
func (f fields) warmup(o *Settings) error {
	if string(f["warmup_s"]) == `"auto"` {
		o.Warmup, o.WarmupAuto = plan.MaxWarmup, true
		return nil
	}
	o.WarmupAuto = o.WarmupAuto && !f.has("warmup_s")
	return f.duration("warmup_s", &o.Warmup)
}

func (f fields) text(key string, to *string) error {
	if raw, ok := f[key]; ok && json.Unmarshal(raw, to) != nil {
		return fieldError(key, "expected text, got %.40s", raw)
	}
	return nil
}

// settingsKeys are the keys of settings.
var settingsKeys = []string{
	"rate_per_s",
	"concurrency",
	"duration_s",
	"requests",
	"warmup_s",
	"timeout_s",
	"payloads",
	"target",
	"stages",
	"slo",
	"name",
}

// end reads the run's length; null is until it is stopped.
func (f fields) end(o *Settings) error {
	if err := f.duration("duration_s", &o.Duration); err != nil {
		return err
	}
	if f.has("duration_s") && o.Duration == 0 && string(f["duration_s"]) != "null" {
		return fieldError("duration_s", "must be above 0, as 30s or 5m; leave it empty to run until stopped")
	}
	return nil
}

// stages reads loads one after the other, which stand for rate, concurrency and
// duration.
func (f fields) stages(o *Settings) error {
	text, given := f.word("stages")
	if !given {
		return f.text("stages", &text) // that is empty, or no text
	}
	stages, err := plan.ParseStages(text)
	if err != nil {
		return &FieldError{"stages", errors.New(pageText(err))}
	}
	var p plan.Plan
	p.SetStages(stages)
	o.Rate, o.Concurrency, o.Duration, o.Stages = p.Rate, p.Concurrency, p.Duration, stages
	return nil
}

// slo reads the rules that the run is judged by.
func (f fields) slo(to *[]rules.Rule) error {
	raw, given := f["slo"]
	if !given {
		return nil
	}
	var words []string
	if json.Unmarshal(raw, &words) != nil {
		return fieldError("slo", "expected a list of rules, as [\"p99<200ms\"], got %.40s", raw)
	}
	words = slices.DeleteFunc(words, func(word string) bool { return strings.TrimSpace(word) == "" })
	list, err := rules.ParseAll(words)
	if err != nil {
		return &FieldError{"slo", err}
	}
	*to = list
	return nil
}

// settings reads what differs from the form. Rate and concurrency are one choice: where
// one is given, the other one of the form does not hold.
func (f fields) settings(form Settings) (Settings, error) {
	o := form
	o.Payloads = slices.Clone(form.Payloads)
	if f.has("rate_per_s") || f.has("concurrency") {
		o.Rate, o.Concurrency, o.Stages = vegeta.Rate{}, 0, nil
	}
	if f.has("duration_s") {
		o.Stages = nil
	}
	err := cmp.Or(
		f.rate(&o.Rate),
		f.concurrency(&o.Concurrency),
		f.end(&o),
		f.stages(&o),
		f.slo(&o.Rules),
		f.text("name", &o.Name),
		f.warmup(&o),
		f.duration("timeout_s", &o.Timeout),
		f.text("target", &o.Target),
	)
	if err == nil && f.has("requests") {
		o.Requests, err = f.whole("requests", maxWhole)
	}
	if raw, ok := f["payloads"]; err == nil && ok {
		o.Payloads = nil
		if json.Unmarshal(raw, &o.Payloads) != nil {
			err = fieldError("payloads", "expected a list of files, got %.40s", raw)
		}
	}
	if err == nil && o.Rate.Freq == 0 && o.Concurrency == 0 {
		err = fieldError("rate_per_s", "no load asked for: give a rate, as 10/s, or a number of users")
	}
	return o, err
}

// formFields are the fields of the form, by the setting that each one is of: its key
// in JSON and its name on the page.
var formFields = map[setting.Field]struct{ key, name string }{
	setting.Rate:        {"rate_per_s", "rate"},
	setting.Concurrency: {"concurrency", "concurrency"},
	setting.Duration:    {"duration_s", "duration"},
	setting.Requests:    {"requests", "requests"},
	setting.Warmup:      {"warmup_s", "warm-up"},
	setting.Timeout:     {"timeout_s", "timeout"},
	setting.Payloads:    {"payloads", "payloads"},
	setting.Stages:      {"stages", "stages"},
}

// nameOnPage is what a setting is called on the page: by its flag where the form has
// no field for it.
func nameOnPage(f setting.Field) string {
	if input, ok := formFields[f]; ok {
		return input.name
	}
	return words.Flag(f)
}

// jsonField is the key of the field that an error is about; empty for none.
func jsonField(err error) string {
	var at *FieldError
	if errors.As(err, &at) {
		return at.Field
	}
	var wrong *setting.FieldError
	if errors.As(err, &wrong) {
		return formFields[wrong.Field].key
	}
	return ""
}

// pageText is an error in the words of a form, where it stands beside the field
// that it is about, so that it does not name that field.
func pageText(err error) string {
	var wrong *setting.FieldError
	if errors.As(err, &wrong) && formFields[wrong.Field].key != "" && wrong.Subject.Empty() {
		text := wrong.Reason.In(nameOnPage)
		if wrong.Form != "" {
			text += "; write it as " + wrong.Form
		}
		return text
	}
	return setting.Describe(err, nameOnPage)
}
