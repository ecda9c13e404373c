import { pathToFileURL } from 'node:url';
import { Inject, Injectable, Logger, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { z } from 'zod';
import { Config, loadConfig } from '../platform/config.js';
import { McpTool } from './mcp-tool.decorator.js';
import { forcedFaults } from './definition-faults.js';
import { NativeTools } from './native/native-tools.js';
import { ToolRegistry } from './tool-registry.js';
import { ToolThreads } from './native/tool-threads.js';
import type { ToolDefinition } from './tool-definition.js';
import { ProvidesTools, type ToolSource } from './tool-source.js';

const tool = { description: 'A tool', category: 'test', version: '1.0.0', input: z.object({}) };

@Injectable()
class FirstTools {
  @McpTool({ ...tool, name: 'same' })
  one() {
    return 1;
  }

  notATool() {
    return 2;
  }
}

@Injectable()
class SecondTools {
  @McpTool({ ...tool, name: 'same' })
  two() {
    return 2;
  }
}

@Injectable()
class BadNames {
  @McpTool({ ...tool, name: 'has a space' })
  space() {}

  @McpTool({ ...tool, name: 'x'.repeat(65) })
  long() {}
}

@Injectable()
class BadSchema {
  @McpTool({ ...tool, name: 'undescribed', input: z.object({ a: z.string() }) })
  undescribed() {}
}

@Injectable()
class ImpossibleSchema {
  @McpTool({ ...tool, name: 'dated', input: z.object({ at: z.date().describe('At') }) })
  dated() {}
}

const inThread = { ...tool, isolation: 'worker' } as const;

@Injectable()
class WithoutModule {
  @McpTool({ ...inThread, name: 'lost' })
  lost() {}
}

class Needy {
  constructor(readonly what: FirstTools) {}
}

@Injectable()
class Heir extends Needy {
  @McpTool({ ...inThread, name: 'needy', module: import.meta.url })
  needy() {}
}

@Injectable()
class Injected {
  @Inject() readonly first: FirstTools;

  @McpTool({ ...inThread, name: 'injected', module: import.meta.url })
  injected() {}
}

@Injectable()
class Elsewhere {
  @McpTool({ ...inThread, name: 'elsewhere', module: 'file:///nowhere/at/all.js' })
  elsewhere() {}
}

@Injectable()
class NotExported {
  @McpTool({ ...inThread, name: 'hidden', module: pathToFileURL(require.resolve('zod')).href })
  hidden() {}
}

const foreign: ToolDefinition = {
  name: 'odd',
  description: 'From elsewhere',
  category: 'x',
  version: '1.0.0',
  source: 'upstream',
  origin: 'elsewhere',
  inputSchema: { type: 'object' },
  clientCapabilities: [],
  parseConfig: () => ({}),
  run: () => undefined,
};

function sourceOf(definitions: readonly ToolDefinition[]): Type {
  @ProvidesTools()
  @Injectable()
  class UpstreamLike implements ToolSource {
    readonly kind = 'upstream';
    definitions() {
      return definitions;
    }
  }
  return UpstreamLike;
}

@ProvidesTools()
@Injectable()
class FailingSource implements ToolSource {
  readonly kind = 'plugin';
  definitions(): never {
    throw new Error('the other side is away');
  }
}

@Injectable()
class ForcedTools {
  @McpTool({
    ...tool,
    name: 'forced',
    input: z.object({
      id: z.string().describe('Id'),
      count: z.int().describe('Said by whoever calls it'),
      notes: z.string().optional().describe('Notes'),
      tags: z.array(z.string().describe('Tag')).optional().describe('Tags'),
      consent: z.boolean().optional().describe('Consent'),
      cents: z.int().optional().describe('Price'),
      state: z.enum(['open', 'done']).optional().describe('State'),
      mood: z.enum(['', 'good']).optional().describe('Mood'),
    }),
  })
  forced() {}
}

const object = (properties: object) => ({ type: 'object', properties });

describe('ToolRegistry', () => {
  const start = async (...providers: Type[]): Promise<ToolRegistry> => {
    const module = await Test.createTestingModule({
      imports: [DiscoveryModule],
      providers: [
        { provide: Config, useValue: loadConfig({}) },
        ToolThreads,
        NativeTools,
        ToolRegistry,
        ...providers,
      ],
    }).compile();
    await module.init();
    return module.get(ToolRegistry);
  };

  it('finds the decorated methods of all providers', async () => {
    const registry = await start(FirstTools);
    expect(registry.definitions()).toMatchObject([
      { name: 'same', source: 'native', origin: 'FirstTools.one' },
    ]);
    expect(registry.find('notATool')).toBeUndefined();
  });

  it.each([
    [
      'two tools of one name, naming both',
      [FirstTools, SecondTools],
      /'same': FirstTools\.one and SecondTools\.two/,
    ],
    ['a name with a space', [BadNames], /'has a space' \(BadNames\.space\) is not a usable name/],
    ['a name that is too long', [BadNames], /x{65}' \(BadNames\.long\)/],
    [
      'a property without a description',
      [BadSchema],
      /input of 'undescribed' \(BadSchema\.undescribed\): 'a' has no/,
    ],
    [
      'a schema that cannot be expressed',
      [ImpossibleSchema],
      /tool 'dated' \(ImpossibleSchema\.dated\) is not usable/,
    ],
    [
      'a thread that is not told the module',
      [WithoutModule],
      /'lost' \(WithoutModule\.lost\) cannot run in a thread: .* needs module: import\.meta\.url/,
    ],
    [
      'a class for threads whose inherited constructor has parameters',
      [FirstTools, Heir],
      /Heir has constructor parameters or injected properties/,
    ],
    [
      'a class for threads with an injected property',
      [FirstTools, Injected],
      /Injected has constructor parameters or injected properties/,
    ],
    ['a module that is not there', [Elsewhere], /there is no module file:\/\/\/nowhere\/at\/all\.js/],
    ['a module without the class', [NotExported], /does not export NotExported/],
  ])('stops the start on %s', async (_name, providers, message) => {
    await expect(start(...providers)).rejects.toThrow(message);
  });

  it.each([
    ['a name with a dot', { name: 'a.b' }, /'a\.b' .* is not a usable name/],
    ['a name that begins with a digit', { name: '1st' }, /'1st' .* is not a usable name/],
    ['a name that is none', { name: 7 as never }, /'7' .* is not a usable name/],
    ['a union at the root', { inputSchema: { type: 'object', anyOf: [{}] } }, /the root has anyOf/],
    ['no type at the root', { inputSchema: {} }, /type must be object/],
    ['a list at the root', { inputSchema: [] as never }, /the schema is a list/],
    ['an array as its root', { inputSchema: { type: 'array' } }, /type must be object/],
    ['an array as its result', { outputSchema: { type: 'array' } }, /type must be object/],
    [
      'an argument with an odd name',
      { inputSchema: { type: 'object', properties: { 'a b$': { type: 'string' } } } },
      /'a b\$' is not a usable name of an argument/,
    ],
    [
      'an argument deep inside with an odd name',
      { inputSchema: object({ a: { type: 'array', items: object({ 'a b$': { type: 'string' } }) } }) },
      /'a b\$' is not a usable name of an argument/,
    ],
    [
      'a list of nobody knows what',
      { inputSchema: object({ a: { type: 'array' } }) },
      /'a' is a list without items/,
    ],
    [
      'a list in a list without items',
      { inputSchema: object({ a: { type: 'array', items: { type: ['array', 'null'] } } }) },
      /'a\.items' is a list without items/,
    ],
    [
      'a list without items in a choice',
      { inputSchema: object({ a: { anyOf: [{ type: 'string' }, { type: 'array' }] } }) },
      /'a\.anyOf' is a list without items/,
    ],
    [
      'an argument that is required and not there',
      { inputSchema: { ...object({ a: { type: 'string' } }), required: ['b'] } },
      /the schema requires 'b', which is none of its properties/,
    ],
    [
      'half of a character in its description',
      { description: 'half \ud83d' },
      /its words cannot be written as JSON/,
    ],
    ['half of a character in its title', { title: '\ude00' }, /its words cannot be written as JSON/],
    [
      'half of a character in the title of its annotations',
      { annotations: { title: '\ud83d' } },
      /its words cannot be written as JSON/,
    ],
    ['properties that are a list', { inputSchema: { type: 'object', properties: [] } }, /properties must be/],
    ['a number that JSON cannot say', { inputSchema: { type: 'object', default: 1n } }, /cannot be written/],
    ['half of a character', { inputSchema: { type: 'object', title: '\ud83d' } }, /cannot be written/],
    ['a description that is none', { description: 5 as never }, /description: /],
    ['a title that is none', { title: 5 as never }, /title: /],
    [
      'a hint that is a word',
      { annotations: { readOnlyHint: 'yes' as never } },
      /annotations.readOnlyHint: /,
    ],
  ])('leaves a tool from elsewhere out that has %s, and keeps the others', async (_what, odd, message) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const registry = await start(
      sourceOf([
        { ...foreign, ...odd },
        { ...foreign, name: 'good' },
      ]),
    );
    expect(registry.definitions().map(({ name }) => name)).toEqual(['good']);
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(message));
    warn.mockRestore();
  });

  it('serves what can be mended, and no tool under the name of one of our own', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const mended = {
      description: 'Not half of a character: \\ud83d',
      $id: 'https://x.example/s',
      type: 'object',
      properties: { a: { type: ['string', 'null'], enum: ['x', null], default: null } },
    };
    const registry = await start(
      sourceOf([
        { ...foreign, name: 'same' },
        { ...foreign, name: 'mended', inputSchema: mended },
      ]),
      FirstTools,
    );
    expect(registry.definitions().map(({ origin }) => origin)).toEqual(['elsewhere', 'FirstTools.one']);
  });

  it('starts without a source that fails', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    expect((await start(FailingSource, FirstTools)).definitions()).toHaveLength(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('the other side is away'));
    warn.mockRestore();
  });

  it('knows the arguments that a model cannot leave blank where things are changed', async () => {
    const forced = (await start(ForcedTools)).find('forced') ?? foreign;
    expect(forcedFaults(forced).map((fault) => fault.split(' ')[0])).toEqual([
      "'consent'",
      "'cents'",
      "'state'",
      "'mood'",
    ]);
    expect(forcedFaults({ ...forced, annotations: { readOnlyHint: true } })).toEqual([]);
  });

  it('tells all that is wrong at once', async () => {
    await expect(start(BadNames, BadSchema)).rejects.toThrow(/has a space[^]*x{65}[^]*undescribed/);
  });
});
