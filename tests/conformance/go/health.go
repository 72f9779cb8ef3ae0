package main

import (
	"context"
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// judged says what each tool makes of an object.
func judged(asked request) (any, error) {
	whole := &unstructured.Unstructured{Object: asked.Object}
	kstatus, err := status.Compute(whole)
	if err != nil {
		return nil, fmt.Errorf("kstatus: %w", err)
	}
	argo, err := argoHealth(whole, asked.Script)
	if err != nil {
		return nil, fmt.Errorf("health.lua: %w", err)
	}
	flux, err := fluxHealth(whole, asked.Current, asked.Failed)
	if err != nil {
		return nil, fmt.Errorf("expressions: %w", err)
	}
	return object{"kstatus": string(kstatus.Status), "argo": argo, "flux": flux}, nil
}

// argoHealth is what Argo CD shows: whatever is being deleted is progressing, else the script decides.
func argoHealth(found *unstructured.Unstructured, script string) (any, error) {
	if found.GetDeletionTimestamp() != nil {
		return object{"status": "Progressing", "message": "Pending deletion"}, nil
	}
	result, err := runLua(found.Object, script, nil)
	if err != nil {
		return nil, err
	}
	health, ok := result.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a table is expected, not %T", result)
	}
	switch health["status"] {
	case "Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown":
		return health, nil
	}
	return nil, fmt.Errorf("%v is no status of Argo CD", health["status"])
}

// fluxHealth is what Flux's health check by expressions says; what is being deleted it does not look at.
func fluxHealth(found *unstructured.Unstructured, current, failed string) (string, error) {
	if found.GetDeletionTimestamp() != nil {
		return "Terminating", nil
	}
	rules := &kustomize.HealthCheckExpressions{Current: current, Failed: failed}
	evaluator, err := cel.NewStatusEvaluator(rules)
	if err != nil {
		return "", err
	}
	result, err := evaluator.Evaluate(context.Background(), found)
	if err != nil {
		return "", err
	}
	return string(result.Status), nil
}
