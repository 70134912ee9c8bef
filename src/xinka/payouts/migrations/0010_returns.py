"""What is said of payouts that came back, and by whom."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payouts', '0009_returned_proved'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PayoutReturn',
            fields=[
                ('id', models.UUIDField(help_text='the key of the form: sent twice, it is one', primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=200)),
                ('reference', models.CharField(help_text='the number the return has at the bank or gateway', max_length=64)),
                ('channel_id', models.IntegerField(help_text="the payout's")),
                ('kept', models.BigIntegerField(default=0)),
                ('eyes', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('asked', 'asked'), ('done', 'done'), ('refused', 'refused')], max_length=7)),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='payoutreturn',
            name='asked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='payoutreturn',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='payoutreturn',
            name='payout',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='payouts.payout'),
        ),
        migrations.AddConstraint(
            model_name='payoutreturn',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'refused'), _negated=True), fields=('payout',), name='payout_returned_once'),
        ),
        migrations.AddConstraint(
            model_name='payoutreturn',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'refused'), _negated=True), fields=('channel_id', 'reference'), name='payout_return_number_once'),
        ),
        migrations.AddConstraint(
            model_name='payoutreturn',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'done', 'refused'])), name='payout_return_state'),
        ),
        migrations.AddConstraint(
            model_name='payoutreturn',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('reference', ''), _negated=True)), name='payout_return_told'),
        ),
        migrations.AddConstraint(
            model_name='payoutreturn',
            constraint=models.CheckConstraint(condition=models.Q(('kept', 0), models.Q(('asked_by__isnull', False), ('channel_id', 0), ('kept__gte', 1)), _connector='OR'), name='payout_return_kept'),
        ),
        migrations.AddConstraint(
            model_name='payoutreturn',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('asked_by__isnull', False), ('eyes__in', [1, 2])), models.Q(('asked_by__isnull', True), ('eyes', 0)), _connector='OR'), name='payout_return_of_gateway'),
        ),
        migrations.AddConstraint(
            model_name='payoutreturn',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('eyes', 2), ('state', 'done'), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('asked_by')), _negated=True)), _connector='OR'), name='payout_return_four_eyes'),
        ),
        migrations.AddConstraint(
            model_name='payoutreturn',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'asked')), models.Q(models.Q(('state', 'asked'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='payout_return_decided'),
        ),
    ]
