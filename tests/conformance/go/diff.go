package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff"
	openapi "github.com/google/gnostic-models/openapiv2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/util/proto"
)

// predicted answers the differ's dry run with what a real API server answered.
type predicted struct{ text string }

func (p predicted) Run(context.Context, *unstructured.Unstructured, string) (string, error) {
	return p.text, nil
}

// differs says for each way of comparing whether Argo CD would show the object as out of sync, and the two sides
// that it compared if so.
func differs(asked request) (any, error) {
	parser, err := schemas(asked.OpenAPI)
	if err != nil {
		return nil, fmt.Errorf("OpenAPI: %w", err)
	}
	dryRun, err := json.Marshal(asked.Predicted)
	if err != nil {
		return nil, err
	}
	ways := map[string][]diff.Option{
		"threeWay": {diff.WithNormalizer(diff.GetNoopNormalizer())},
		"structuredMerge": {
			diff.WithNormalizer(diff.GetNoopNormalizer()), diff.WithStructuredMergeDiff(true),
			diff.WithGVKParser(parser), diff.WithManager(asked.Manager),
		},
		"serverSide": {
			diff.WithNormalizer(diff.GetNoopNormalizer()), diff.WithServerSideDiff(true),
			diff.WithIgnoreMutationWebhook(true), diff.WithGVKParser(parser), diff.WithManager(asked.Manager),
			diff.WithServerSideDryRunner(predicted{string(dryRun)}),
		},
	}
	answers := object{}
	for way, options := range ways {
		config := &unstructured.Unstructured{Object: asked.Config}
		live := &unstructured.Unstructured{Object: asked.Object}
		result, err := diff.Diff(config.DeepCopy(), live.DeepCopy(), options...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", way, err)
		}
		told := object{"modified": result.Modified}
		if result.Modified {
			told["live"] = string(result.NormalizedLive)
			told["predicted"] = string(result.PredictedLive)
		}
		answers[way] = told
	}
	return answers, nil
}

// schemas reads what the API server publishes under /openapi/v2.
func schemas(published object) (*managedfields.GvkParser, error) {
	text, err := json.Marshal(published)
	if err != nil {
		return nil, err
	}
	document, err := openapi.ParseDocument(text)
	if err != nil {
		return nil, err
	}
	models, err := proto.NewOpenAPIData(document)
	if err != nil {
		return nil, err
	}
	return managedfields.NewGVKParser(models, false)
}
