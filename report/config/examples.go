package config

// AttackExamples end the help of attack.
type AttackExamples struct{}

// Help gives two examples.
func (AttackExamples) Help() string {
	return `Examples:
  brunt attack my-endpoint -p bodies.jsonl -r 200 -d 5m
  brunt attack 'mock://?latency=20ms' -p bodies.jsonl -c 16 -n 20000 -o json | jq .latency_ms.response.p99`
}

// ReportExamples end the help of report.
type ReportExamples struct{}

// Help gives two examples.
func (ReportExamples) Help() string {
	return `Examples:
  brunt report monday.json tuesday.json
  brunt report -o json - < run.json | jq .verdict`
}
