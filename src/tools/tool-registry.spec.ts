import { pathToFileURL } from 'node:url';
import { Inject, Injectable, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { z } from 'zod';
import { Config, loadConfig } from '../platform/config.js';
import { McpTool } from './mcp-tool.decorator.js';
import { NativeTools } from './native/native-tools.js';
import { ToolRegistry } from './tool-registry.js';
import { ToolThreads } from './native/tool-threads.js';

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

  it('tells all that is wrong at once', async () => {
    await expect(start(BadNames, BadSchema)).rejects.toThrow(/has a space[^]*x{65}[^]*undescribed/);
  });
});
