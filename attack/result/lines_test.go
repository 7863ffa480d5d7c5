package result

import "brunt/payloads/setting"

// lines are texts with the settings called by their plain names.
func lines(texts []setting.Text) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = text.String()
	}
	return out
}
