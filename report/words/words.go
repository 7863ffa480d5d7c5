package words

import "brunt/payloads/setting"

var flags = map[setting.Field]string{
	setting.Rate:         "--rate",
	setting.Concurrency:  "--concurrency",
	setting.Duration:     "--duration",
	setting.Requests:     "--requests",
	setting.Stages:       "--stages",
	setting.Arrivals:     "--arrivals",
	setting.Warmup:       "--warmup",
	setting.Timeout:      "--timeout",
	setting.HTTP2:        "--http2",
	setting.NoKeepAlive:  "--no-keepalive",
	setting.Connections:  "--connections",
	setting.ConnectRate:  "--connect-rate",
	setting.StreamStall:  "--stream-stall",
	setting.SuccessBody:  "--success-body",
	setting.FailBody:     "--fail-body",
	setting.ExpectHeader: "--expect-header",
	setting.ExpectJSON:   "--expect-json",
	setting.Payloads:     "--payloads",
	setting.Body:         "--body",
	setting.Targets:      "--targets",
	setting.Replay:       "--replay",
	setting.Recorded:     "--recorded",
	setting.Speed:        "--speed",
	setting.Method:       "--method",
	setting.Header:       "--header",
	setting.HeaderFile:   "--header-file",
	setting.User:         "--user",
	setting.Template:     "--template",
	setting.AnyTarget:    "--any-target",
	setting.Insecure:     "--insecure",
	setting.CA:           "--ca",
	setting.Resolve:      "--resolve",
	setting.Proxy:        "--proxy",
	setting.ClientCert:   "--cert",
	setting.ClientKey:    "--key",
	setting.KeyPass:      "--key-pass",
	setting.TLSMin:       "--tls-min",
	setting.TLSMax:       "--tls-max",
	setting.ServerName:   "--server-name",
	setting.TLSResume:    "--tls-resume",
	setting.ConnectTo:    "--connect-to",
	setting.LocalAddr:    "--local-addr",
	setting.DNSTTL:       "--dns-ttl",
	setting.Profile:      "--profile",
	setting.NoAuth:       "--auth none",
	setting.ServedModel:  "--served-model",
	setting.WaitReady:    "--wait-ready",

	setting.Unique:          "--unique",
	setting.ClientRequestID: "--client-request-id",
	setting.Compress:        "--compress",
	setting.Credentials:     "-H 'Authorization: env:NAME'",

	setting.Chat:                "--chat",
	setting.Column:              "--column",
	setting.System:              "--system",
	setting.Model:               "--model",
	setting.MaxTokens:           "--max-tokens",
	setting.Temperature:         "--temperature",
	setting.Stream:              "--stream",
	setting.InputTokens:         "--input-tokens",
	setting.OutputTokens:        "--output-tokens",
	setting.MaxCompletionTokens: "--max-completion-tokens",
	setting.IgnoreEOS:           "--ignore-eos",
	setting.ExtraBody:           "--extra-body",
	setting.From:                "--from",
	setting.Count:               "--count",
	setting.Types:               "--type",
	setting.Unnamed:             "--unnamed",
	setting.RowsPerRequest:      "--rows-per-request",
	setting.FromOpenAPI:         "--from-openapi",
}

// Flag is the flag by which the command line sets a field, such as "--rate".
func Flag(f setting.Field) string { return flags[f] }

// Of is a text with the flags of the settings that it names.
func Of(t setting.Text) string { return t.In(Flag) }

// Error is the text of an error with the flags of the settings that it names.
func Error(err error) string { return setting.Describe(err, Flag) }
