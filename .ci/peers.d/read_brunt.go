package main

import (
	"encoding/json"
	"strconv"
)

// bruntReport is the part of brunt's JSON that is looked at.
type bruntReport struct {
	Elapsed  float64 `json:"elapsed_s"`
	Requests struct {
		Sent      uint64 `json:"sent"`
		Succeeded uint64 `json:"succeeded"`
	} `json:"requests"`
	Lateness struct {
		P50 *float64 `json:"p50"`
		P99 *float64 `json:"p99"`
		Max *float64 `json:"max"`
	} `json:"lateness_ms"`
	Latency struct {
		Service struct {
			Max float64 `json:"max"`
		} `json:"service"`
	} `json:"latency_ms"`
	Status map[string]uint64 `json:"status"`
	Errors []struct {
		Kind string `json:"kind"`
	} `json:"errors"`
	Stream *struct {
		OutputTokens uint64 `json:"output_tokens"`
	} `json:"stream"`
	Client struct {
		GCPauseMaxMS float64 `json:"gc_pause_max_ms"`
	} `json:"client"`
}

func readBrunt(_ *load, out []byte) (tally, error) {
	var report bruntReport
	if err := json.Unmarshal(out, &report); err != nil {
		return tally{}, err
	}
	t := tally{
		requests: report.Requests.Sent,
		failed:   report.Requests.Sent - report.Requests.Succeeded,
		seconds:  report.Elapsed,
		gcPause:  report.Client.GCPauseMaxMS,
		service:  report.Latency.Service.Max,
	}
	if late := report.Lateness; late.P50 != nil && late.P99 != nil && late.Max != nil {
		t.lateness = &lateness{*late.P50, *late.P99, *late.Max}
	}
	if len(report.Errors) > 0 {
		t.trouble = report.Errors[0].Kind
	}
	if report.Stream != nil {
		t.tokens = report.Stream.OutputTokens
	}
	if len(report.Status) == 1 {
		for status := range report.Status {
			t.status, _ = strconv.Atoi(status)
		}
	}
	return t, nil
}
