package payloads

import (
	"strings"
	"testing"

	"brunt/payloads/filetest"
)

// TestDatasetIsNoBodies: a dataset is not sent as if it were bodies.
func TestDatasetIsNoBodies(t *testing.T) {
	for content, want := range map[string]string{
		"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,1,1\n": ": a dataset of the format azure, which holds no bodies; make them with brunt payloads make",
		"\n [ {\"conversations\":[{\"from\":\"human\",\"value\":\"a\"}]}]":   ": a dataset of the format sharegpt, which holds no bodies",
		"Timestamp,Model,Request tokens,Response tokens\n5,ChatGPT,472,18\n": ": a dataset of the format burstgpt, which holds no bodies",
		"[{\"text\":\"a\"}]\n": "", "{\"conversations\":[]}": "", "[[1,2],[3]]": "",
	} {
		path := filetest.Write(t, "d.json", content)
		s, err := Open([]Spec{{path, 1}}, Options{Format: AutoFormat})
		if err == nil {
			s.Close()
		}
		if (err != nil) != (want != "") || err != nil && !strings.HasPrefix(err.Error(), path+want) {
			t.Errorf("%q: %v", content, err)
		}
	}
}
