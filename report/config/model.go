package config

import (
	"fmt"

	"brunt/payloads"
	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// CheckModel wants the first body of a set to name a model of Unity AI Gateway,
// which chooses by the body and not by the URL; an empty model asks for nothing.
func CheckModel(set *payloads.Set, model string) error {
	if model == "" {
		return nil
	}
	const remedy = "make bodies with brunt payloads make --chat --model %s"
	body := set.Plain(0)
	if start := jsonscan.SkipSpace(body, 0); start < len(body) {
		body = body[start:]
	}
	value := jsonscan.Member(body, "model")
	named, ok := jsonscan.Unquote(value)
	switch {
	case !ok:
		return fmt.Errorf(
			"%s: no \"model\" in the body, by which Unity AI Gateway chooses %s; "+remedy,
			set.Where(0),
			model,
			model,
		)
	case string(named) != model:
		return fmt.Errorf("%s: the body names the model %s, and the target %s; give one name, or "+remedy, set.Where(0),
			show.Excerpt(named), model, model)
	}
	return nil
}
