package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"brunt/payloads/show"
)

//go:embed schema.json
var schema []byte

// Schema is the JSON Schema (draft 2020-12) of what JSON writes.
func Schema() []byte { return bytes.Clone(schema) }

// JSON writes the report as one line.
func JSON(w io.Writer, r *Report) error {
	return show.EncodeJSON(w, r)
}

// MaxFile bounds what Read takes in; an hour's run takes a few MB.
const MaxFile = 256 << 20

// Read reads back what JSON wrote. Keys of later versions are passed over;
// anything else, a file whose figures contradict each other included, is
// refused with one line that starts with name.
func Read(from io.Reader, name string) (*Report, error) {
	text, err := io.ReadAll(io.LimitReader(from, MaxFile+1))
	if err == nil && len(text) > MaxFile {
		err = fmt.Errorf("larger than %d MB, which no report is", MaxFile>>20)
	}
	if err == nil {
		err = recognise(text)
	}
	r := &Report{}
	if err == nil {
		err = wrongType(json.Unmarshal(text, r))
	}
	if err == nil {
		r.FillEmpty()
		r.Verdict.derive(r.Rebuilt)
		err = r.Check()
	}
	if err == nil && r.Endpoint != nil && r.Endpoint.Advice == nil { // of an earlier version
		r.advise()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// recognise says why a text is no report that this version can read.
func recognise(text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return errors.New("empty; give a file written by --json or -o json")
	}
	var syntax *json.SyntaxError
	var keys map[string]json.RawMessage
	err := json.Unmarshal(text, &keys)
	switch {
	case errors.As(err, &syntax) && strings.Contains(err.Error(), "after top-level value"):
		return errors.New("more than one JSON value; give one report per file")
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON: %w (byte %d); give a file written by --json or -o json", err, syntax.Offset)
	case err != nil || keys == nil:
		return errors.New("not a brunt report, which is a JSON object; give a file written by --json or -o json")
	}
	version, versioned := keys["schema"]
	if _, compared := keys["comparison"]; compared && versioned {
		return errors.New("a comparison and not a report; give the reports that it was made of")
	}
	for _, key := range []string{"schema", "brunt", "requests", "latency_ms", "histograms"} {
		if _, ok := keys[key]; !ok {
			return fmt.Errorf("not a brunt report: no %q in it; give a file written by --json or -o json", key)
		}
	}
	if string(version) != "1" {
		return fmt.Errorf(
			"schema %.20q and this brunt reads schema %d; use the version that wrote it",
			version,
			SchemaVersion,
		)
	}
	return nil
}

// wrongType puts a mistyped value into words that name its place.
func wrongType(err error) error {
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		return fmt.Errorf("%s is %s, which is not what brunt writes there", mistyped.Field, mistyped.Value)
	}
	return err
}

// FillEmpty makes lists and maps that are null in a foreign file empty, as
// schema 1 has them.
func (r *Report) FillEmpty() {
	r.Labels, r.Status = notNilMap(r.Labels), notNilMap(r.Status)
	r.Target.Addresses = NotNil(r.Target.Addresses)
	r.Errors, r.Names, r.ServedModels = NotNil(r.Errors), NotNil(r.Names), NotNil(r.ServedModels)
	r.Stages, r.Client.Workers = NotNil(r.Stages), NotNil(r.Client.Workers)
	for i := range r.Client.Workers {
		r.Client.Workers[i].Reasons = NotNil(r.Client.Workers[i].Reasons)
	}
	for i := range r.Errors {
		r.Errors[i].Names = NotNil(r.Errors[i].Names)
	}
	r.Verdict.Notes, r.Verdict.Reasons, r.SLO, r.Slowest = NotNil(
		r.Verdict.Notes,
	), NotNil(
		r.Verdict.Reasons,
	), NotNil(
		r.SLO,
	), NotNil(
		r.Slowest,
	)
	r.Intervals, r.Changes, r.Warnings = NotNil(r.Intervals), NotNil(r.Changes), NotNil(r.Warnings)
	r.Spans, r.Runs = NotNil(r.Spans), NotNil(r.Runs)
	if r.Goodput != nil {
		r.Goodput.Unbound = NotNil(r.Goodput.Unbound)
	}
	if r.Capacity != nil {
		r.Capacity.FillEmpty()
	}
	r.Plan.FillEmpty()
	if s := r.Endpoint; s != nil {
		s.Entities, s.Metrics = NotNil(s.Entities), NotNil(s.Metrics)
	}
}

// FillEmpty does to a search's answer what Report.FillEmpty does to a report.
func (c *Capacity) FillEmpty() {
	c.Rules, c.Notes, c.Steps = NotNil(c.Rules), NotNil(c.Notes), NotNil(c.Steps)
	for i := range c.Steps {
		c.Steps[i].SLO = NotNil(c.Steps[i].SLO)
	}
	if f := c.Fit; f != nil {
		f.Concurrency, f.PerS, f.Residuals = NotNil(f.Concurrency), NotNil(f.PerS), NotNil(f.Residuals)
	}
}

// FillEmpty does to a plan what Report.FillEmpty does to a report.
func (p *Plan) FillEmpty() { p.Stages, p.Payloads = NotNil(p.Stages), NotNil(p.Payloads) }

// NotNil is the list, or an empty one for null.
func NotNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func notNilMap[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return m
}
