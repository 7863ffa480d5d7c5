package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"brunt/attack/arrivals"
	"brunt/attack/plan"
)

// Capacity are the flags of a search for the highest load that keeps the rules.
type Capacity struct {
	SLO            []string     `name:"slo" sep:"none" pair:"" placeholder:"'p99<200ms'" help:"Rule that the load must keep, repeatable; needed. On times (p99, service.p95, ttft.p99, …) or failures (failed<0.1%), as for attack."`
	Sweep          string       `default:"rate" enum:"rate,concurrency" help:"What is searched: the highest rate, or the highest number of clients that each send as soon as they have their reply, with the table and the knee of its throughput."`
	Step           Duration     `min:"1" default:"10s" help:"Measured part of one step (${default}); longer where a percentile needs more requests."`
	Precision      Percent      `default:"5%" help:"Stop once the answer is known to this (${default})."`
	MinRate        Rate         `placeholder:"N[/s|/m]" help:"Lowest rate to try (from a few requests, one at a time)."`
	MaxRate        Rate         `placeholder:"N[/s|/m]" help:"Highest rate to try (10,000,000/s)."`
	MaxConcurrency int          `placeholder:"N" help:"Most clients to try, with --sweep concurrency (1,024)."`
	Levels         string       `placeholder:"1,2,4,8" help:"Try these rates or numbers of clients, in this order, and no others."`
	For            Rate         `placeholder:"N[/s|/m]" help:"Say also what this rate would need of the endpoint."`
	Arrivals       arrivals.Law `default:"constant" placeholder:"LAW" help:"How the requests of a rate are spread: constant, poisson or gamma(SHAPE); random ones are drawn from --seed."`
}

// defaultMaxConcurrency is the most clients of a search that names none.
const defaultMaxConcurrency = 1024

// Clients reports whether numbers of clients are searched, and not rates.
func (c *Capacity) Clients() bool { return c.Sweep == "concurrency" }

// Most is the highest level to try.
func (c *Capacity) Most() float64 {
	switch {
	case !c.Clients() && c.MaxRate.Freq > 0:
		return plan.PerSecond(c.MaxRate.Rate)
	case !c.Clients():
		return plan.MaxRatePerSecond
	case c.MaxConcurrency > 0:
		return float64(c.MaxConcurrency)
	}
	return defaultMaxConcurrency
}

// Check reports flags that make no search.
func (c *Capacity) Check() error {
	low, high := plan.PerSecond(c.MinRate.Rate), plan.PerSecond(c.MaxRate.Rate)
	switch {
	case len(c.SLO) == 0:
		return errors.New(
			"--slo: the search needs a rule that the load must keep, as in --slo 'p99<200ms' --slo 'failed<0.1%'",
		)
	case c.Clients() && (low > 0 || high > 0):
		return errors.New(
			"--min-rate, --max-rate: --sweep concurrency has no rate; give --max-concurrency, or leave out --sweep",
		)
	case !c.Clients() && c.MaxConcurrency != 0:
		return errors.New("--max-concurrency: it bounds --sweep concurrency; add that, or give --max-rate")
	case c.MaxConcurrency < 0 || c.MaxConcurrency > plan.MaxConcurrency:
		return fmt.Errorf("--max-concurrency %d: must be from 1 to 1,000,000", c.MaxConcurrency)
	case low > 0 && high > 0 && low > high:
		return fmt.Errorf("--min-rate %g/s is above --max-rate %g/s: exchange them", low, high)
	case c.Clients() && c.Arrivals.Random():
		return errors.New("--arrivals: it spreads the requests of a rate; leave it out, or --sweep concurrency")
	case c.Precision < minPrecision || c.Precision > maxPrecision:
		return fmt.Errorf("--precision %g%%: must be from 0.5%% to 50%%, such as 5%%", 100*float64(c.Precision))
	case time.Duration(c.Step) < minStep:
		return fmt.Errorf(
			"--step %s: a step takes at least %s to tell anything; 10s is the default",
			time.Duration(c.Step),
			minStep,
		)
	}
	_, err := c.List()
	return err
}

// minStep is the shortest step, and the precisions those that a search can reach.
const (
	minStep                    = 200 * time.Millisecond
	minPrecision, maxPrecision = 0.005, 0.5
)

// List are the levels that were named; none where the search chooses them.
func (c *Capacity) List() (levels []float64, err error) {
	if c.Levels == "" {
		return nil, nil
	}
	for word := range strings.SplitSeq(c.Levels, ",") {
		value, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(word), "/s"), 64)
		switch {
		case err != nil || !(value > 0):
			return nil, fmt.Errorf("--levels: %.40q is no number above 0; write them as in 1,2,4,8", word)
		case c.Clients() && value != math.Trunc(value):
			return nil, fmt.Errorf("--levels: %g is no whole number of clients", value)
		case value > c.Most():
			return nil, fmt.Errorf("--levels: %g is more than the most allowed, %.0f", value, c.Most())
		}
		levels = append(levels, value)
	}
	return levels, nil
}
