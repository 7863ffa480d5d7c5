package manifest

import (
	"bytes"
	"encoding/base64"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// Any argument comes out as it went in.
func TestArgumentsComeThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[$(){}"'\\:#a \n-]*`)).Draw(t, "text")
		for _, kind := range []Kind{Kubernetes, Compose} {
			manifest := manifestOf(t, kind, value("", "https://h/x"), value("label", text))
			coordinator, _ := arguments(kind, documents(t, manifest))
			if got := expanded(kind, coordinator[2]); got != "--label="+text && got != "--label=<FLAG_LABEL>" {
				t.Fatalf("%s: %q, not %q", kind, got, text)
			}
		}
	})
}

// Bodies are in the ConfigMap byte by byte.
func TestBodiesComeThrough(t *testing.T) {
	path := bodies(t, "b.jsonl", "")
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.OneOf(rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) }), rapid.SliceOf(rapid.Byte()),
			rapid.Map(rapid.StringMatching(`( |\n|\t|#|a|: |---\n|\.\.\.\n|"|\r)*`), func(s string) []byte { return []byte(s) })).Draw(t, "content")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		document := documents(t, manifestOf(t, Kubernetes, value("", "https://h/x"), reads("payloads", path)))["ConfigMap brunt-payloads"]
		var got []byte
		if text, ok := at(document, "data").(map[string]any); ok {
			got = []byte(text["b.jsonl"].(string))
		} else if got, _ = base64.StdEncoding.DecodeString(at(document, "binaryData", "b.jsonl").(string)); got == nil {
			t.Fatalf("%v", document)
		}
		if !bytes.Equal(got, content) {
			t.Fatalf("%q became %q", content, got)
		}
	})
}
