package config

import (
	"errors"
	"fmt"
	"io"
	"time"

	"brunt/attack/endpoint"
	"brunt/payloads/generate"
	"brunt/payloads/show"
)

// describeTimeout bounds all questions to a workspace about an endpoint's input.
const describeTimeout = 60 * time.Second

// Make are the flags of payloads make: what bodies are made of, and how an
// endpoint is asked for an example.
type Make struct {
	generate.Options `embed:""`

	FromEndpoint string   `group:"Example" placeholder:"NAME" help:"Make an example body of what a serving endpoint's workspace says of its input; --count repeats it."`
	Profile      string   `group:"Endpoint" placeholder:"NAME" help:"Profile of ~/.databrickscfg, as for attack."`
	CA           string   `group:"Endpoint" name:"ca" predictor:"file" placeholder:"FILE" help:"PEM file of the authorities to trust."`
	Insecure     bool     `group:"Endpoint" short:"k" help:"Do not verify the certificate."`
	Proxy        string   `group:"Endpoint" placeholder:"URL" help:"Go through this proxy, or none, as for attack."`
	Resolve      []string `group:"Endpoint" sep:"none" placeholder:"HOST:ADDR" help:"Connect to ADDR for HOST, repeatable."`
}

// Write makes the bodies. Its errors are those of [generate.Bodies] and of
// [endpoint.Describe].
func (m *Make) Write(out io.Writer) error {
	note := ""
	if m.FromEndpoint != "" {
		if m.Path != "" || m.Chat || m.FromOpenAPI != "" {
			return errors.New(
				"--from-endpoint makes its one example body: leave out --chat, --from-openapi and any file",
			)
		}
		source, err := m.ask()
		if err != nil {
			return err
		}
		note = fmt.Sprintf(
			"brunt: payloads make: one example body, from %s; measure with bodies of your own where they differ in size or content\n",
			show.Printable(source),
		)
	}
	_, err := generate.Bodies(out, m.Options)
	if err == nil && m.Notes != nil {
		_, _ = io.WriteString(m.Notes, note)
	}
	return err
}

// ask gets the example, and tells where it comes from.
func (m *Make) ask() (source string, err error) {
	d, err := endpoint.Describe(
		m.FromEndpoint,
		endpoint.Options{Profile: m.Profile, CAFile: m.CA, Insecure: m.Insecure, Resolve: m.Resolve, Proxy: m.Proxy},
		describeTimeout,
	)
	if err != nil {
		return "", err
	}
	source = "the OpenAPI description of " + d.Name
	if m.Example = generate.ExampleOfTask(d.Task); m.Example != nil {
		source = "what is usual for the task " + d.Task + " of " + d.Name
	} else if err = d.Missing; err == nil {
		m.Example, err = generate.ExampleFromOpenAPI(d.OpenAPI)
	}
	if err != nil {
		return "", fmt.Errorf(
			"endpoint %s tells no example (%w): take the file serving_input_example.json that stands beside the model in MLflow, and run brunt payloads make serving_input_example.json",
			d.Name,
			err,
		)
	}
	return source, nil
}

// Help gives two examples.
func (*Make) Help() string {
	return `Examples:
  brunt payloads make rows.csv --format dataframe_split --rows-per-request 8 > bodies.jsonl
  brunt payloads make --chat prompts.txt --system @system.txt --max-tokens 200 --stream > bodies.jsonl`
}
