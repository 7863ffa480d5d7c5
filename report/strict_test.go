//go:build !race

// The race detector sees nothing in one goroutine, and takes many times as long.

package report_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"brunt/payloads/needs"
	"brunt/report/reporttest"
)

// The schema notices each key that is missing or has another name, and each
// number that became text, wherever it stands.
func TestSchemaIsStrict(t *testing.T) {
	needs.Time(t)
	schema := reporttest.Compiled(t)
	text := reporttest.JSONOf(t, reporttest.Full())
	if err := schema.Validate(reporttest.Document(t, text)); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, at := range paths(reporttest.Document(t, text), "") {
		if strings.HasPrefix(at, "/labels/") || strings.HasPrefix(at, "/status/") || strings.HasPrefix(at, "/errors/0/headers/") {
			continue // keys of the user's and of the endpoint's
		}
		for change, apply := range map[string]func(map[string]any, string){
			"missing": func(m map[string]any, key string) { delete(m, key) },
			"renamed": func(m map[string]any, key string) { m[key+"_x"] = m[key]; delete(m, key) },
			"added":   func(m map[string]any, key string) { m[key+"_x"] = m[key] },
			"as text": func(m map[string]any, key string) {
				if n, ok := m[key].(json.Number); ok {
					m[key] = n.String()
				} else {
					m[key] = []any{m[key]}
				}
			},
		} {
			doc := reporttest.Document(t, text)
			parent, key := descend(doc, at)
			apply(parent, key)
			if schema.Validate(doc) == nil {
				t.Errorf("%s %s: the schema does not notice", at, change)
			}
			tried++
		}
	}
	if tried < 800 {
		t.Errorf("only %d changes were tried", tried)
	}
}

func descend(doc any, at string) (map[string]any, string) {
	steps := strings.Split(at, "/")[1:]
	for _, step := range steps[:len(steps)-1] {
		switch d := doc.(type) {
		case map[string]any:
			doc = d[step]
		case []any:
			var i int
			fmt.Sscan(step, &i)
			doc = d[i]
		}
	}
	return doc.(map[string]any), steps[len(steps)-1]
}
