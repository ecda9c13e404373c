import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In } from 'typeorm';
import { BUILT_IN_TEMPLATES, LAST_LANGUAGE } from './built-in-templates.js';
import { widening } from './languages.js';
import { WelcomeTemplate } from './welcome-template.entity.js';

/** A text to greet with. `source` says whose it is. */
export type ChosenTemplate = {
  readonly language: string;
  readonly body: string;
  readonly source: 'tenant' | 'built_in';
};

/** Finds the template for a language. */
@Injectable()
export class WelcomeTemplates {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * For `zh-CN`: the tenant's own for `zh-CN`, then the one that comes with the product, then both for `zh`; then the same for the
   * tenant's default language, and English at last.
   */
  async choose(tenantId: string, language: string, defaultLanguage: string): Promise<ChosenTemplate> {
    const wanted = [...widening(language), ...widening(defaultLanguage), LAST_LANGUAGE];
    const found = await this.dataSource
      .getRepository(WelcomeTemplate)
      .findBy({ tenantId, language: In(wanted) });
    for (const tag of wanted) {
      const own = found.find((template) => template.language === tag);
      if (own) return { language: tag, body: own.body, source: 'tenant' };
      const body = BUILT_IN_TEMPLATES.get(tag);
      if (body !== undefined) return { language: tag, body, source: 'built_in' };
    }
    throw new Error(`There is no template in ${LAST_LANGUAGE}`);
  }
}
