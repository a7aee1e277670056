import type { JSX } from 'preact';
import type { ExplainKind } from '../../domain/explanation.ts';
import { factLabel, factText, isFactTable } from '../../domain/fact-text.ts';
import { FactList } from '../controls/fact-list.tsx';
import { Quantities } from '../controls/quantities.tsx';
import { Empty, Problem } from '../controls/section.tsx';
import { shortTable, unbroken } from '../format.ts';
import { useAnswer } from '../hooks/answer.ts';
import { usePageState } from '../page/page.ts';

const SHOWN = 20;

/** Why a region, table or datanode moves or stays, as `explain` tells it. */
export function Explained({ what, id }: { readonly what: ExplainKind; readonly id: string }): JSX.Element {
  const revision = usePageState(({ revisions }) => revisions.plan);
  const { value, problem } = useAnswer(`/api/v1/explain/${what}/${encodeURIComponent(id)}`, {}, revision);
  if (!value) return problem === null ? <Empty>Loading.</Empty> : <Problem text={problem} />;
  const facts = Object.entries(value.facts).filter(([, fact]) => fact !== null && !isFactTable(fact));
  return (
    <div class="explanation">
      <p class="answer">
        <Quantities text={unbroken(value.answer)} />
      </p>
      <ul class="obstacles">
        {value.reasons.slice(0, SHOWN).map(({ code, detail }, index) => (
          <li key={index}>
            <span class="badge calm">{code}</span>{' '}
            {!value.answer.includes(detail) && <Quantities text={detail} />}
          </li>
        ))}
      </ul>
      <FactList
        facts={facts.map(([name, fact]) => [factLabel(name), unbroken(shortTable(factText(name, fact)))])}
      />
    </div>
  );
}
