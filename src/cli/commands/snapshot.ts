import type { Command } from 'commander';
import { snapshotChunks } from '../../domain/snapshot-file.ts';
import { configOf, examples, withConfig } from '../cli.ts';
import type { Cli, ConfigFlags } from '../cli.ts';
import { writeFileWhole } from '../io.ts';
import { sizeText } from '../render/text.ts';

export function addSnapshot(program: Command, cli: Cli): void {
  withConfig(program.command('snapshot'))
    .summary('write a snapshot of where every region is')
    .description('Reads where every region is and writes it as JSON, for plan --from and for bug reports.')
    .option('--out <file>', 'write to a file instead of standard output')
    .addHelpText('after', examples('snapshot -c rebalancer.yaml > prod.json'))
    .action(async (flags: ConfigFlags & { readonly out?: string }) => {
      const config = await configOf(cli, flags);
      const snapshot = await cli.app.snapshot(config, { signal: cli.io.signal });
      if (flags.out === undefined)
        for (const chunk of snapshotChunks(snapshot)) await cli.io.out.write(chunk);
      else await writeFileWhole(flags.out, snapshotChunks(snapshot));
      const [datanodes, tables, regions] = [
        snapshot.datanodes.length,
        snapshot.tables.length,
        snapshot.regions.length,
      ];
      const size = sizeText({ datanodes, tables, regions });
      await cli.io.err.write(`${flags.out === undefined ? 'Snapshot' : `Wrote ${flags.out}`}: ${size}.\n`);
    });
}
