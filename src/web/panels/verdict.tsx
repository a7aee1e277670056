import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { BLOCKERS } from '../../domain/codes.ts';
import { nameDatanodes } from '../../domain/ids.ts';
import type { StatusView, Verdict as VerdictCode } from '../../server/api/answers.ts';
import { actions } from '../api/actions.ts';
import { Folded } from '../controls/folded.tsx';
import { TextWithTimes } from '../controls/time.tsx';
import { plural } from '../format.ts';
import { useAnswer } from '../hooks/answer.ts';
import { useAttempt } from '../hooks/attempt.ts';
import { usePage, usePageState } from '../page/page.ts';
import { Progress } from './progress.tsx';
import { drainingOf, isBlockedByPins, isWatched } from './status.ts';
import type { StatusProps } from './status.ts';
import { Summary } from './summary.tsx';

const WARNING = 'M12 8v5m0 3.5v.5M12 3l9.5 17h-19z';

type Look = readonly [tone: string, title: string, icon: string];

const LOOK: Readonly<Record<VerdictCode, Look>> = {
  balanced: ['good', 'Balanced', 'M5 13l4 4L19 7'],
  balancing: ['busy', 'Balancing', 'M4 8h13m0 0l-4-4m4 4l-4 4M20 16H7m0 0l4-4m-4 4l4 4'],
  attention: ['warn', 'Needs attention', WARNING],
  'nothing-selected': ['warn', 'Nothing selected', WARNING],
  blocked: ['warn', 'Blocked', WARNING],
  paused: ['warn', 'Paused', 'M9 6v12M15 6v12'],
  'dry-run': [
    'calm',
    'Dry run',
    'M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zm9-2.500a2.500 2.500 0 100 5 2.500 2.500 0 000-5z',
  ],
  starting: ['calm', 'Starting', 'M12 4a8 8 0 108 8'],
  standby: ['calm', 'Standby', 'M20 13A8 8 0 1111 4a6.500 6.500 0 009 9z'],
  'lost-contact': [
    'bad',
    'Lost contact',
    'M5 5l14 14M8.500 16a5 5 0 015-1.500M5 12a10 10 0 014-2.500m4.500-.500A10 10 0 0119 12M2 8.500A15 15 0 016 6m5-1a15 15 0 0111 3.500M12 19.500v.500',
  ],
};

const WAITING: Look = ['calm', 'Waiting', 'M12 7v5l3 2M12 4a8 8 0 110 16 8 8 0 010-16z'];
const NO_REGIONS: Look = ['calm', 'No regions', 'M5 12h14'];

function lookOf(status: StatusView): Look {
  const { verdict, gates, snapshot, datanodes, dryRun, balance, paused } = status;
  const [tone, title, icon] = LOOK[verdict.code];
  if (verdict.code === 'paused' && paused?.by === 'breaker') return [tone, 'Paused after failures', icon];
  if (verdict.code === 'blocked' && isBlockedByPins(status)) return [tone, 'Blocked by pins', icon];
  // Nothing is wrong: a load that is high has only not been so for long.
  if (verdict.code === 'blocked' && isWatched(status) && gates.length === 0)
    return dryRun ? LOOK['dry-run'] : WAITING;
  if (verdict.code === 'attention' && balance?.now.isEven === false)
    return [tone, 'Blocked by quarantine', icon];
  // A name that matches nothing is told by its own sentence, and is wrong.
  if (snapshot?.regions === 0 && verdict.sentence.startsWith('No regions')) return NO_REGIONS;
  if (verdict.code === 'balanced' && datanodes.some(({ state }) => state === 'dead'))
    return ['warn', title, icon];
  const draining = drainingOf(status);
  if (verdict.code !== 'balancing' || draining.length === 0) return [tone, title, icon];
  return [tone, `Draining ${nameDatanodes(draining.map(({ id }) => id))}`, icon];
}

/** The one word that matters, and why. */
export function Verdict(): JSX.Element | null {
  const status = usePageState((state) => state.status);
  const isLost = usePageState(({ connection }) => connection === 'lost');
  useTitle(status, isLost);
  if (!status) return null;
  const { verdict } = status;
  const [tone, title, icon] = lookOf(status);
  // The headline has said it.
  const said =
    verdict.code === 'balanced'
      ? verdict.sentence.replace(/ ?\bBalanced\.$/, '')
      : verdict.sentence.replace(/^No regions: there/, 'There');
  const sentence = said.replace(/Run resume to continue\. ?/, '').trim();
  return (
    <section class={`card verdict ${tone} ${verdict.code}`} aria-labelledby="verdict">
      <Head title={title} icon={icon}>
        {sentence !== '' && (
          <p>
            <TextWithTimes text={sentence} />
          </p>
        )}
        <Draining status={status} />
        <Detail status={status} />
      </Head>
      <Progress status={status} />
      <Summary status={status} />
    </section>
  );
}

/** Whose details are told by the list of obstacles and by the summary. */
const TOLD: ReadonlySet<VerdictCode> = new Set(['paused', 'standby']);

/** In the program's own words it is there to read; what other programs said is folded. Reasons that are listed below are not told twice. */
function Detail({ status: { verdict, gates, blocked } }: StatusProps): JSX.Element | null {
  const { code, detail } = verdict;
  if (detail === null || TOLD.has(code)) return null;
  if (code !== 'blocked') return <Folded text={detail} />;
  return gates.length + blocked.length > 0 ? null : <p class="dim">{detail}</p>;
}

/** What is moved for somebody who waits for it, and how to end that. */
function Draining({ status }: StatusProps): JSX.Element {
  const page = usePage();
  const { isBusy, run } = useAttempt();
  const asked = status.datanodes.filter(({ drain }) => (drain?.since ?? null) !== null);
  const left = drainingOf(status);
  const stop = async (id: string): Promise<void> => {
    await actions.undrain(id);
    page.say(`Datanode ${id} no longer drains.`);
  };
  return (
    <>
      {left.map((node) => (
        <p key={node.id}>
          {plural(node.regions, 'region')} left on datanode {node.id}
          {node.regionsAfter > 0 &&
            `; ${node.regionsAfter === node.regions ? 'none' : 'not all'} of them can leave now`}
          .{node.regionsAfter > 0 && <HeldBack id={node.id} />}
        </p>
      ))}
      {status.leader.leads && asked.length > 0 && (
        <p class="tools">
          {asked.map(({ id }) => (
            <button
              key={id}
              type="button"
              class="button small"
              title="The datanode may lead regions again, and gets its share back"
              disabled={isBusy}
              onClick={() => void run(() => stop(id))}
            >
              Cancel the drain of datanode {id}
            </button>
          ))}{' '}
          <span class="dim">Regions move back then.</span>
        </p>
      )}
    </>
  );
}

/** What keeps the others there, as `explain datanode` tells it. */
function HeldBack({ id }: { readonly id: string }): JSX.Element {
  const revision = usePageState(({ revisions }) => revisions.plan);
  const { value } = useAnswer(`/api/v1/explain/datanode/${encodeURIComponent(id)}`, {}, revision);
  const codes = new Set<string>(value?.reasons.map(({ code }) => code));
  const reasons = Object.entries(BLOCKERS).flatMap(([code, text]) => (codes.has(code) ? [text] : []));
  return <> {reasons.join(' ')}</>;
}

/** The tab tells the verdict, too. */
function useTitle(status: StatusView | null, isLost: boolean): void {
  const title = status && `${isLost ? 'No connection' : lookOf(status)[1]} · ${status.cluster.name}`;
  useEffect(() => {
    if (title !== null) document.title = title;
  }, [title]);
}

/** Until the first answer, and when there is none. */
export function NoVerdict(): JSX.Element {
  const problem = usePageState((state) => state.problem);
  return (
    <section class="card verdict calm" aria-labelledby="verdict" aria-busy={problem === null}>
      <Head title={problem === null ? 'Connecting' : 'No answer'} icon={LOOK.starting[2]}>
        <p>{problem ?? 'Loading the status.'}</p>
      </Head>
    </section>
  );
}

function Head({
  title,
  icon,
  children,
}: {
  readonly title: string;
  readonly icon: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="verdict-head">
      <svg class="verdict-icon" viewBox="0 0 24 24" aria-hidden="true">
        <path d={icon} />
      </svg>
      <div>
        <h2 id="verdict" aria-live="polite">
          {title}
        </h2>
        {children}
      </div>
    </div>
  );
}
