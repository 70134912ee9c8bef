"""What promotions are made of; see models.py."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import xinka.promotions.states
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_shared_cache'),
        ('catalog', '0001_initial'),
        ('merchants', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CouponBuyer',
            fields=[
                ('pk', models.CompositePrimaryKey('coupon_id', 'buyer_key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('coupon_id', models.BigIntegerField()),
                ('buyer_key', models.UUIDField()),
                ('n_used', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='FlashBuyer',
            fields=[
                ('pk', models.CompositePrimaryKey('sale_id', 'buyer_key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('sale_id', models.BigIntegerField()),
                ('buyer_key', models.UUIDField()),
                ('n_units', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Coupon',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('takes', models.CharField(choices=[('amount', 'An amount off'), ('percent', 'A percentage off')], default=xinka.promotions.states.Takes['AMOUNT'], max_length=8)),
                ('amount', models.BigIntegerField(default=0, help_text='off, when it takes an amount')),
                ('bps', models.PositiveIntegerField(default=0, help_text='off in 1/10000, when it takes a share')),
                ('most_off', models.BigIntegerField(help_text='the most a share may come to', null=True)),
                ('currency', models.CharField(default='CNY', max_length=3)),
                ('scope', models.CharField(choices=[('all', 'Everything'), ('category', 'One category'), ('product', 'One product'), ('sku', 'One variant')], default=xinka.promotions.states.Scope['ALL'], max_length=8)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(null=True)),
                ('least_spend', models.BigIntegerField(default=0)),
                ('most_total', models.PositiveIntegerField(null=True)),
                ('most_per_buyer', models.PositiveIntegerField(null=True)),
                ('n_used', models.PositiveIntegerField(db_default=0, default=0)),
                ('back_on_refund', models.BooleanField(db_default=False, default=False)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('made_by_id', models.BigIntegerField(null=True)),
                ('category', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.category')),
                ('merchant', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='coupons', to='merchants.merchant')),
                ('product', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.product')),
                ('sku', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.sku')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Code',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issuer_id', models.BigIntegerField()),
                ('code', models.CharField(max_length=32)),
                ('most_uses', models.PositiveIntegerField(null=True)),
                ('n_used', models.PositiveIntegerField(db_default=0, default=0)),
                ('coupon', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='codes', to='promotions.coupon')),
            ],
        ),
        migrations.CreateModel(
            name='FlashSale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('price', models.BigIntegerField(validators=[django.core.validators.MinValueValidator(1)])),
                ('units', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000)])),
                ('n_taken', models.PositiveIntegerField(db_default=0, default=0)),
                ('per_buyer', models.PositiveIntegerField(null=True)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('stopped_at', models.DateTimeField(null=True)),
                ('told', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('made_by_id', models.BigIntegerField(null=True)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flash_sales', to='merchants.merchant')),
                ('sku', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flash_sales', to='catalog.sku')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='GiftCard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code_key', models.UUIDField(unique=True)),
                ('hint', models.CharField(max_length=4)),
                ('value', models.BigIntegerField()),
                ('balance', models.BigIntegerField()),
                ('currency', models.CharField(default='CNY', max_length=3)),
                ('expires_at', models.DateTimeField(null=True)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('batch_id', models.UUIDField(db_index=True)),
                ('note', models.CharField(blank=True, max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('made_by_id', models.BigIntegerField(null=True)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('balance__gte', 0), ('balance__lte', models.F('value'))), name='gift_card_balance')],
            },
        ),
        migrations.CreateModel(
            name='Level',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=20)),
                ('name_en', models.CharField(max_length=30)),
                ('spent_from', models.BigIntegerField(unique=True, validators=[django.core.validators.MinValueValidator(0)])),
                ('off_bps', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5000)])),
            ],
            options={
                'ordering': ['spent_from'],
                'constraints': [models.CheckConstraint(condition=models.Q(('off_bps__range', (1, 5000))), name='level_off')],
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='membership_level', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('spent', models.BigIntegerField(default=0)),
                ('reckoned_at', models.DateTimeField()),
                ('level', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='members', to='promotions.level')),
            ],
        ),
        migrations.CreateModel(
            name='Referral',
            fields=[
                ('order_id', models.UUIDField(primary_key=True, serialize=False)),
                ('referrer_id', models.BigIntegerField(db_index=True)),
                ('buyer_id', models.BigIntegerField(null=True)),
                ('merchant_id', models.BigIntegerField()),
                ('bps', models.PositiveIntegerField()),
                ('funded_by', models.CharField(choices=[('merchant', 'merchant'), ('platform', 'platform')], max_length=8)),
                ('currency', models.CharField(default='CNY', max_length=3)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('accrued', 'accrued'), ('final', 'final'), ('void', 'void')], default='waiting', max_length=8)),
                ('accrued', models.BigIntegerField(db_default=0, default=0)),
                ('version', models.PositiveIntegerField(db_default=0, default=0)),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'accrued'])), fields=['at'], name='referral_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'accrued', 'final', 'void'])), name='referral_state'), models.CheckConstraint(condition=models.Q(('accrued__gte', 0)), name='referral_accrued')],
            },
        ),
        migrations.CreateModel(
            name='ReferralTerms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bps', models.PositiveIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(5000)])),
                ('merchant', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='referral_terms', to='merchants.merchant')),
            ],
        ),
        migrations.CreateModel(
            name='Use',
            fields=[
                ('pk', models.CompositePrimaryKey('order_id', 'kind', blank=True, editable=False, primary_key=True, serialize=False)),
                ('order_id', models.UUIDField()),
                ('kind', models.CharField(choices=[('flash', 'flash'), ('level', 'level'), ('coupon', 'coupon'), ('gift_card', 'gift_card')], max_length=9)),
                ('amount', models.BigIntegerField()),
                ('funded_by', models.CharField(choices=[('merchant', 'merchant'), ('platform', 'platform')], max_length=8)),
                ('state', models.CharField(choices=[('held', 'held'), ('returned', 'returned')], default='held', max_length=8)),
                ('units', models.PositiveIntegerField(default=0)),
                ('buyer_keys', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('booked', models.BooleanField(db_default=False, default=False)),
                ('done', models.BooleanField(db_default=False, default=False)),
                ('at', models.DateTimeField()),
                ('card', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='promotions.giftcard')),
                ('code', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='promotions.code')),
                ('coupon', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='promotions.coupon')),
                ('sale', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='promotions.flashsale')),
            ],
        ),
        migrations.AddIndex(
            model_name='coupon',
            index=models.Index(fields=['merchant', '-id'], name='coupon_merchant'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('takes__in', ['amount', 'percent'])), name='coupon_takes'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__gte', 1), ('bps', 0), ('takes', 'amount')), models.Q(('amount', 0), ('bps__range', (1, 10000)), ('takes', 'percent')), _connector='OR'), name='coupon_value'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('scope__in', ['all', 'category', 'product', 'sku'])), name='coupon_scope'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('most_total__isnull', True), ('n_used__lte', models.F('most_total')), _connector='OR'), name='coupon_cap'),
        ),
        migrations.AddConstraint(
            model_name='code',
            constraint=models.UniqueConstraint(fields=('code', 'issuer_id'), name='code_once'),
        ),
        migrations.AddConstraint(
            model_name='code',
            constraint=models.CheckConstraint(condition=models.Q(('most_uses__isnull', True), ('n_used__lte', models.F('most_uses')), _connector='OR'), name='code_cap'),
        ),
        migrations.AddIndex(
            model_name='flashsale',
            index=models.Index(fields=['sku', 'ends_at'], name='flash_sku'),
        ),
        migrations.AddIndex(
            model_name='flashsale',
            index=models.Index(fields=['merchant', '-id'], name='flash_merchant'),
        ),
        migrations.AddIndex(
            model_name='flashsale',
            index=models.Index(condition=models.Q(('told__lt', 2)), fields=['starts_at'], name='flash_untold'),
        ),
        migrations.AddConstraint(
            model_name='flashsale',
            constraint=models.CheckConstraint(condition=models.Q(('n_taken__lte', models.F('units'))), name='flash_never_oversold'),
        ),
        migrations.AddConstraint(
            model_name='flashsale',
            constraint=models.CheckConstraint(condition=models.Q(('price__gte', 1), ('units__gte', 1)), name='flash_price'),
        ),
        migrations.AddConstraint(
            model_name='flashsale',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='flash_times'),
        ),
        migrations.AddConstraint(
            model_name='referralterms',
            constraint=models.CheckConstraint(condition=models.Q(('bps__lte', 5000)), name='referral_terms_bps'),
        ),
        migrations.AddConstraint(
            model_name='referralterms',
            constraint=models.UniqueConstraint(fields=('merchant',), name='referral_terms_once', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='use',
            index=models.Index(condition=models.Q(('done', False)), fields=['at'], name='use_open'),
        ),
        migrations.AddConstraint(
            model_name='use',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='use_amount'),
        ),
        migrations.AddConstraint(
            model_name='use',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['flash', 'level', 'coupon', 'gift_card'])), name='use_kind'),
        ),
        migrations.AddConstraint(
            model_name='use',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['held', 'returned'])), name='use_state'),
        ),
        migrations.AddConstraint(
            model_name='use',
            constraint=models.CheckConstraint(condition=models.Q(('funded_by__in', ['merchant', 'platform'])), name='use_funded_by'),
        ),
    ]
