import { parse } from 'yaml';
import { z } from 'zod';
import { readJson, readText } from './repository.ts';

const step = z.object({ value: z.number().nullable(), color: z.string() });
const panelSchema = z.object({
  type: z.string(),
  title: z.string(),
  description: z.string().optional(),
  interval: z.string().optional(),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z
    .array(z.object({ expr: z.string(), legendFormat: z.string(), instant: z.boolean().optional() }))
    .default([]),
  fieldConfig: z
    .object({
      defaults: z.object({
        min: z.number().optional(),
        mappings: z.array(z.object({ type: z.string() })),
        thresholds: z.object({ steps: z.array(step) }),
        custom: z
          .object({
            drawStyle: z.string().optional(),
            lineWidth: z.number(),
            stacking: z.object({ mode: z.string() }).optional(),
          })
          .optional(),
      }),
    })
    .optional(),
});
const rowSchema = panelSchema.extend({ panels: z.array(panelSchema).optional() });

type DashboardPanel = z.infer<typeof panelSchema>;

/** grafana/dashboard.json as Grafana reads it: what is shown at once, and all panels, those of collapsed rows too. */
export function readDashboard(): {
  readonly shown: readonly DashboardPanel[];
  readonly panels: readonly DashboardPanel[];
  readonly variables: readonly { readonly name: string; readonly type: string; readonly query: unknown }[];
} {
  const schema = z.object({
    panels: z.array(rowSchema),
    templating: z.object({
      list: z.array(z.object({ name: z.string(), type: z.string(), query: z.unknown() })),
    }),
  });
  const { panels, templating } = schema.parse(readJson('grafana/dashboard.json'));
  const all = panels.flatMap(({ panels: inside = [], ...panel }) => [panel, ...inside]);
  return { shown: panels, panels: all, variables: templating.list };
}

const ruleSchema = z.object({
  alert: z.string(),
  expr: z.string(),
  for: z.string(),
  labels: z.object({ severity: z.enum(['warning', 'critical']) }),
  annotations: z.object({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});

/** The rules of grafana/alerts.yaml. */
export function readAlerts(): z.infer<typeof ruleSchema>[] {
  const schema = z.object({ groups: z.array(z.object({ rules: z.array(ruleSchema) })) });
  return schema.parse(parse(readText('grafana/alerts.yaml'))).groups.flatMap(({ rules }) => rules);
}

/** A query as Grafana would send it, everything chosen. */
export function fillIn(expr: string): string {
  return expr.replaceAll('$job', '.+').replaceAll('$instance', '.+').replaceAll('$__rate_interval', '30s');
}
